"""Many processes that need the same connection's token at the same moment; run as a program, see `main`.

One process is started, and forks as RQ's workers do: the children are processes of their own, which share nothing but
the store and the CRM.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import flows_signin

from connectors.base.port import Unavailable
from integration.store.db.session import Store

_PATIENCE = 60.0


def main(wish: dict[str, Any]) -> None:
    """`wish`: `count`, `store`, `name`, `at`, `folder`. Each child writes its outcome to a file of the folder."""
    folder = Path(wish["folder"])
    children = [pid for number in range(wish["count"]) if (pid := _child(wish, folder, number))]
    _until(folder, "ready-*", wish["count"])
    (folder / "go").touch()
    for pid in children:
        os.waitpid(pid, 0)


def _child(wish: dict[str, Any], folder: Path, number: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        outcome = _need(wish, folder, number)
        (folder / f"outcome-{number}.json").write_text(json.dumps(outcome))
    finally:
        os._exit(0)


def _need(wish: dict[str, Any], folder: Path, number: int) -> dict[str, Any]:
    """Call the CRM once, at the same moment as all the others."""
    store = Store.open(wish["store"])
    found = flows_signin.connected(store, lambda: wish["at"], wish["name"], holder=f"crowd:{os.getpid()}")
    connection = found[wish["name"]]
    (folder / f"ready-{number}").touch()
    _until(folder, "go", 1)
    said = "described"
    try:
        connection.connector.describe(connection.mapping.people[0])
    except Unavailable as away:
        said = f"{away.receipt.code} {away.receipt.message}"
    finally:
        connection.connector.close()
    version = flows_signin.stored(store, wish["name"]).version
    store.dispose()
    return {"pid": os.getpid(), "said": said, "version": version}


def _until(folder: Path, pattern: str, count: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while len(list(folder.glob(pattern))) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(pattern)
        time.sleep(0.01)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
