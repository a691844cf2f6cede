#!/usr/bin/env bash
# The wheel in an empty folder: built, installed with the locked versions, and run as README's first block does.
# Needs: bash, a Python with venv, curl, the package index. Takes about a minute. Writes into a temporary folder alone.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$place"' EXIT
say() { printf '\n== %s\n' "$*"; }

say "the wheel"
mkdir "$place/source" "$place/empty"
git -C "$root" archive HEAD | tar -x -C "$place/source"
"${PYTHON:-python3}" -m venv "$place/python"
"$place/python/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$place" "$place/source"
rm -rf "$place/source"

say "installed beside the locked versions"
"$place/python/bin/pip" install --quiet --disable-pip-version-check -r "$root/requirements.txt"
"$place/python/bin/pip" install --quiet --disable-pip-version-check --no-deps "$place"/coldframe-*.whl
cd "$place/empty"
export PATH="$place/python/bin:$PATH" PYTHONUNBUFFERED=1
unset PYTHONPATH

say "a playbook on a file, as README says"
coldframe playbook history >history.jsonl
coldframe replay --playbook standard --events history.jsonl --format table >replayed.txt
grep -q ana replayed.txt
coldframe backtest --playbook two-axis --against standard --events history.jsonl --html comparison.html >/dev/null
grep -q "two-axis against standard" comparison.html

say "coldframe up"
export PORT=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
coldframe up >up.log 2>&1 &
up=$!
ready=""
for _ in $(seq 300); do curl --silent --fail "http://127.0.0.1:$PORT/readyz" >/dev/null && { ready=yes; break; }; sleep 0.2; done
[ -n "$ready" ] || { cat up.log; say "it did not become ready"; exit 1; }
coldframe doctor || true
kill "$up"
wait "$up" || true
say "ready, and ended"
