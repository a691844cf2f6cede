"""`coldframe letters`: sync errors, which are what could not be read or written, and how to try it again."""

import json
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from integration.commands.shared.fitted_tables import fitted
from integration.flows.upkeep.replay_letters import UndiscardableError, discard, replay
from integration.flows.upkeep.replay_letters import waiting as waiting_ids
from integration.store.outgoing import people_without_records
from integration.store.queues import dead_letters as stored
from integration.store.queues.dead_letters import Letter
from integration.store.queues.sync_error_lists import Wanted
from integration.wiring import build, clock
from integration.wiring.whole_service import Service
from mappings.values.instant import show, show_second

_SHOWN = 60
_AT_ONCE = 500


@click.group(name="letters")
def letters() -> None:
    r"""Sync errors: what could not be read or written, with the reason; and who waits for a CRM record.

    \b
    Example:
      coldframe letters list
      coldframe letters replay 17
      coldframe letters discard 18 --reason "a test record"
      coldframe letters waiting
    """


@letters.command(name="list")
@click.option("--limit", default=50, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_letters(limit: int, *, as_json: bool) -> None:
    r"""Sync errors that nobody has replayed, newest first.

    \b
    Example:
      coldframe letters list --json
    """
    with build.service().store.read() as conn:
        found, people = stored.waiting(conn, limit), people_without_records.totals(conn)
    if as_json:
        for letter in found:
            click.echo(json.dumps(_plain(letter)))
        return
    table = fitted("id", "at", "stage", "source", "reason", "what", whole=["id", "at", "stage"])
    for letter in found:
        text = letter.payload.decode("utf-8", "replace")
        cells = (letter.stage, letter.source, letter.reason, text[:_SHOWN])
        table.add_row(str(letter.id), show_second(letter.at), *map(escape, cells))
    Console().print(table if found else "No sync errors are waiting.")
    if people.since is not None:
        said = (
            f"{people.people} people wait for a CRM record since {show_second(people.since)}: coldframe letters waiting"
        )
        Console().print(said)


@letters.command()
@click.option("--limit", default=50, show_default=True, help="How many, those with tasks first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def waiting(limit: int, *, as_json: bool) -> None:
    r"""People whose tasks and nurture e-mails wait for a record in a CRM, and since when.

    Everything goes out by itself, worded from the record, once the record is there.

    \b
    Example:
      coldframe letters waiting
    """
    with build.service().store.read() as conn:
        found, unknown = people_without_records.waiting(conn, limit), people_without_records.unknown(conn)
    if as_json:
        for each in found:
            click.echo(json.dumps({**asdict(each), "since": show(each.since)}))
        return
    table = fitted("since", "who", "waits for", "tasks", "nurture e-mails", "our id", whole=["since", "tasks"])
    for each in found:
        counts = (str(each.tasks), str(each.touches))
        table.add_row(show_second(each.since), each.email or "", ", ".join(each.connections), *counts, each.lead_id)
    Console().print(table if found else "Nobody waits for a record.")
    Console().print(f"No CRM knows {unknown} people in all.")


@letters.command(name="replay")
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "every", is_flag=True, help="All that nobody has ended.")
@click.option("--reason", metavar="WORD", default="", help="Those whose reason has this word, in any case.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object about what was done.")
def replay_letters(ids: tuple[int, ...], *, every: bool, reason: str, as_json: bool) -> None:
    r"""Try sync errors again, once each: these, all, or those of one reason. The replay is audited.

    What fails again becomes a sync error again.

    \b
    Example:
      coldframe letters replay 17 18
      coldframe letters replay --reason required_field
      coldframe letters replay --all --json
    """
    if sum((bool(ids), every, bool(reason))) != 1:
        msg = "name sync errors by id, or write --all, or --reason WORD"
        raise click.UsageError(msg)
    service: Service = build.service()
    asked = replayed = 0
    for some in [ids] if ids else waiting_ids(service, Wanted(word=reason), _AT_ONCE):
        asked += len(some)
        replayed += len(replay(service, some, actor="command line", now=clock.now()))
    if as_json:
        click.echo(json.dumps({"asked": asked, "replayed": replayed}))
    elif not ids:
        click.echo(f"{replayed} replayed" if asked else "No such sync error is waiting.")
    else:
        click.echo(f"{replayed} of {asked} replayed" + ("" if replayed == asked else "; the others were before"))


@letters.command(name="discard")
@click.argument("ids", nargs=-1, type=int, required=True)
@click.option("--reason", required=True, help="Why nobody has to try it again; it is kept in the audit trail.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object about what was done.")
def discard_letters(ids: tuple[int, ...], *, reason: str, as_json: bool) -> None:
    r"""End sync errors without trying them again, and say why. Keep personal data out of the reason.

    What concerns deciding about a lead or erasing somebody cannot be discarded: put it right and replay it.

    \b
    Example:
      coldframe letters discard 17 18 --reason "test records of the agency"
    """
    if not reason.strip():
        msg = "say why"
        raise click.BadParameter(msg, param_hint="--reason")
    try:
        done = discard(build.service(), ids, reason=reason.strip(), actor="command line", now=clock.now())
    except UndiscardableError as error:
        raise click.ClickException(str(error)) from error
    rest = "" if len(done) == len(set(ids)) else "; the others had ended before, or are none"
    said = json.dumps({"asked": len(set(ids)), "discarded": len(done)})
    click.echo(said if as_json else f"{len(done)} of {len(set(ids))} discarded{rest}")


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
