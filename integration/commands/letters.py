"""`coldframe letters`: what could not be read or written, and how to try it again."""

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from integration import clock, wiring
from integration.flows.replay import replay
from integration.flows.service import Service
from integration.store import letters as stored
from integration.store.letters import Letter
from mappings.instant import show

_SHOWN = 60


@click.group(name="letters")
def letters() -> None:
    """Dead letters: what could not be read or written, with the reason.

    Example: coldframe letters list            Example: coldframe letters replay 17
    """


@letters.command(name="list")
@click.option("--limit", default=50, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_letters(limit: int, *, as_json: bool) -> None:
    """Letters that nobody has replayed, newest first.

    Example: coldframe letters list --json
    """
    with wiring.service().store.read() as conn:
        found = stored.waiting(conn, limit)
    if as_json:
        for letter in found:
            click.echo(json.dumps(_plain(letter)))
        return
    table = Table("id", "at", "stage", "source", "reason", "what")
    for letter in found:
        text = letter.payload.decode("utf-8", "replace")
        table.add_row(str(letter.id), show(letter.at), letter.stage, letter.source, letter.reason, text[:_SHOWN])
    Console().print(table if found else "No letters are waiting.")


@letters.command(name="replay")
@click.argument("ids", nargs=-1, type=int, required=True)
def replay_letters(ids: tuple[int, ...]) -> None:
    """Try these letters again, once each; the replay is audited.

    Example: coldframe letters replay 17 18
    """
    service: Service = wiring.service()
    done = replay(service, ids, actor="command line", now=clock.now())
    click.echo(f"{len(done)} of {len(ids)} replayed" + ("" if len(done) == len(ids) else "; the others were before"))


def _plain(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "at": show(letter.at),
        "stage": letter.stage,
        "source": letter.source,
        "ref": letter.ref,
        "reason": letter.reason,
        "lead": letter.lead_id,
        "payload": letter.payload.decode("utf-8", "replace"),
    }
