"""`coldframe keys`: which keys seal stored secrets, and sealing them again with the current one."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.installation import installed
from integration.processes.local_stack import environment
from integration.settings.local_key import alone, keep_key, key_file
from integration.signin.key_rotation import Line, rotated
from integration.store.crm import connections
from integration.store.overall import erasure_key
from integration.wiring import clock, connection_names

_COLOURS = {"resealed": "green", "already": "dim", "failed": "red"}


@click.group()
def keys() -> None:
    r"""The keys that tokens are encrypted with. They come from COLDFRAME_SECRET_KEY and are shown by fingerprint.

    \b
    Example:
      coldframe keys list
      COLDFRAME_SECRET_KEY=… COLDFRAME_PREVIOUS_SECRET_KEYS=… coldframe keys rotate
    """


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_keys(*, as_json: bool) -> None:
    r"""Every key by its fingerprint, whether this process has it, and how many rows it seals.

    \b
    Example:
      coldframe keys list
    """
    with installed() as (settings, store):
        ring = connection_names.keyring(settings)
        with store.read() as conn:
            counts = Counter(connections.sealed_by(conn))
            list_key = erasure_key.sealed(conn)
    counts.update([list_key.key_id] if list_key else [])
    rows = [
        {"key": key, "is": _role(key, ring.current, list(ring.keys)), "seals": counts.get(key, 0)}
        for key in dict.fromkeys([*ring.keys, *counts])
    ]
    if as_json:
        for row in rows:
            click.echo(json.dumps(row))
        return
    table = fitted("key", "is", "seals", whole=["seals"])
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def rotate(*, as_json: bool) -> None:
    r"""Encrypt everything with the current key. Can be killed at any moment and run again; does nothing twice.

    Set COLDFRAME_SECRET_KEY to the new key and COLDFRAME_PREVIOUS_SECRET_KEYS to the old one for every process first,
    and unset the old one afterwards. Where `coldframe up` keeps its own key in the data folder, that file holds the new
    key afterwards. Exit status 1 where a row could not be opened; the file stays as it is then.

    \b
    Example:
      coldframe keys rotate --json
    """
    with installed() as (settings, store):
        lines = []
        for line in rotated(store, connection_names.keyring(settings), clock.now()):
            lines.append(line)
            if as_json:
                click.echo(json.dumps(asdict(line)))
    failed = any(line.outcome == "failed" for line in lines)
    kept = None if failed else _kept(settings.secret_key.get_secret_value())
    if not as_json:
        _show(lines)
        if kept is not None:
            click.echo(f"{kept} holds the new key now: coldframe up uses it when it is started without the variable.")
    sys.exit(1 if failed else 0)


def _kept(key: str) -> Path | None:
    """The data folder's own key file, which holds this key from now on; None where there is none, or nothing to change.

    The store of a DATABASE_URL has its key from the environment alone.
    """
    given = environment()
    path = key_file(given)
    if not alone(given) or not path.is_file() or path.read_text(encoding="ascii").strip() == key:
        return None
    keep_key(path, key)
    return path


def _show(lines: Sequence[Line]) -> None:
    table = fitted("", "what", "before", "now", "what to do")
    for line in lines:
        table.add_row(
            f"[{_COLOURS[line.outcome]}]{line.outcome}[/]", line.name, line.before, line.after, escape(line.reason)
        )
    Console().print(table if lines else "Nothing is stored that a key would seal.")
    if lines and not any(line.outcome == "failed" for line in lines):
        click.echo("COLDFRAME_PREVIOUS_SECRET_KEYS can be unset now, for every process.")


def _role(key: str, current: str, held: Sequence[str]) -> str:
    if key == current:
        return "current"
    return "previous" if key in held else "not here"
