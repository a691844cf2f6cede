#!/usr/bin/env bash
# README's two commands on a machine with nothing but Python and make, in a fresh clone. Takes some minutes.
# WALK=demo leaves the tests out.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
git clone --quiet "$root" "$place/coldframe"
cd "$place/coldframe"
make demo ARGS=--exit
[ "${WALK:-}" = demo ] || make test
