#!/usr/bin/env bash
# README's two commands in a fresh clone. Takes some minutes. WALK=demo leaves the tests out.
# `bare-debian.sh` runs it on a machine that has nothing but what README names.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
git clone --quiet "${SOURCE:-$root}" "$place/coldframe"
cd "$place/coldframe"
make demo ARGS=--exit
[ "${WALK:-}" = demo ] || make test
