"""`coldframe letters`: sync errors, which are what could not be read or written, and how to try it again."""

import json
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from integration.flows.upkeep.replay_letters import replay
from integration.store.outgoing import people_without_records
from integration.store.queues import dead_letters as stored
from integration.store.queues.dead_letters import Letter
from integration.wiring import build, clock
from integration.wiring.whole_service import Service
from mappings.values.instant import show

_SHOWN = 60


@click.group(name="letters")
def letters() -> None:
    r"""Sync errors: what could not be read or written, with the reason; and who waits for a CRM record.

    \b
    Example:
      coldframe letters list
      coldframe letters replay 17
      coldframe letters waiting
    """


@letters.command(name="list")
@click.option("--limit", default=50, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_letters(limit: int, *, as_json: bool) -> None:
    """Sync errors that nobody has replayed, newest first.

    Example: coldframe letters list --json
    """
    with build.service().store.read() as conn:
        found, people = stored.waiting(conn, limit), people_without_records.totals(conn)
    if as_json:
        for letter in found:
            click.echo(json.dumps(_plain(letter)))
        return
    table = Table("id", "at", "stage", "source", "reason", "what")
    for letter in found:
        text = letter.payload.decode("utf-8", "replace")
        table.add_row(str(letter.id), show(letter.at), letter.stage, letter.source, letter.reason, text[:_SHOWN])
    Console().print(table if found else "No sync errors are waiting.")
    if people.since is not None:
        said = f"{people.people} people wait for a CRM record since {show(people.since)}: coldframe letters waiting"
        Console().print(said)


@letters.command()
@click.option("--limit", default=50, show_default=True, help="How many, those with tasks first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def waiting(limit: int, *, as_json: bool) -> None:
    """People whose tasks and touches wait for a record in a CRM, and since when.

    Everything goes out by itself, worded from the record, once the record is there. Example: coldframe letters waiting
    """
    with build.service().store.read() as conn:
        found, unknown = people_without_records.waiting(conn, limit), people_without_records.unknown(conn)
    if as_json:
        for each in found:
            click.echo(json.dumps({**asdict(each), "since": show(each.since)}))
        return
    table = Table("since", "who", "waits for", "tasks", "touches", "our id")
    for each in found:
        counts = (str(each.tasks), str(each.touches))
        table.add_row(show(each.since), each.email or "", ", ".join(each.connections), *counts, each.lead_id)
    Console().print(table if found else "Nobody waits for a record.")
    Console().print(f"No CRM knows {unknown} people in all.")


@letters.command(name="replay")
@click.argument("ids", nargs=-1, type=int, required=True)
def replay_letters(ids: tuple[int, ...]) -> None:
    """Try these sync errors again, once each; the replay is audited.

    Example: coldframe letters replay 17 18
    """
    service: Service = build.service()
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
