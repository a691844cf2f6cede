"""`coldframe erase`: remove a person from the store, and let nothing bring them back by accident."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import click
from rich.console import Console

from integration.commands.shared.fitted_tables import fitted
from integration.flows.privacy import blanking, erase_person
from integration.flows.privacy.erase_person import Report
from integration.store.db.errors import StoreBusyError
from integration.store.overall import erasure
from integration.wiring import build
from integration.wiring.whole_service import Service

ACTOR = "command line"
_TRIES = 5
_LEFT = "erased; what the database still keeps in free pages or its log goes with its next clean-up (docs/privacy.md)"
_T = TypeVar("_T")


@click.command()
@click.argument("person", metavar="EMAIL")
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and change nothing.")
@click.option("--crm", is_flag=True, help="First clear our own fields in the person's CRM records and close our tasks.")
@click.option("--yes", is_flag=True, help="Do not ask before.")
@click.option("--forget", "lifted", is_flag=True, help="Lift the block instead: the person wants to be known again.")
@click.option("--no-vacuum", is_flag=True, help="SQLite: leave the file's free pages as they are, which is quicker.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def erase(  # noqa: PLR0913 - the options of the command
    person: str, *, dry_run: bool, crm: bool, yes: bool, lifted: bool, no_vacuum: bool, as_json: bool
) -> None:
    r"""Remove a person from the store, and let nothing bring them back by accident.

    EMAIL is an address in any case; somebody without one is named by a CRM's record, as connection:object:id.
    Everything goes: fields, activities, effects, tasks and writes that wait, sync errors, and the person's items in raw
    deliveries. What the CRMs know stays theirs; --crm clears what Coldframe wrote there. Works while the service runs.
    Exit status 1 where nobody is known by that name, or the answer was no.

    \b
    Example:
      coldframe erase ana@acme.example --dry-run
      coldframe erase ana@acme.example --crm --yes
      coldframe erase ana@acme.example --forget
    """
    service = build.service()
    name = _asked(person, service)
    if lifted:
        _forget(service, name, as_json=as_json)
        return
    status = Console(stderr=True).status("Looking for every trace …")
    with status:
        plan = _patiently(lambda: erase_person.rehearse(service, name))
    if plan is None:
        _tell("nobody is known by that name; nothing was changed", as_json=as_json, outcome="unknown")
        sys.exit(1)
    if not as_json:
        _show(plan)
    if dry_run:
        _tell("nothing was changed", as_json=as_json, outcome="would erase", plan=plan)
        return
    if not yes and not click.confirm("Remove all this for ever?", default=False, err=True):
        _tell("nothing was changed", as_json=as_json, outcome="kept")
        sys.exit(1)
    if crm:
        _blank(service, name)
    with status:
        report = _patiently(lambda: erase_person.erase(service, name, actor=ACTOR))
        clean = no_vacuum or _patiently(service.store.compact)
    told = "erased" if clean else _LEFT
    _tell(f"{told}. The audit knows this as name {report.hash}", as_json=as_json, outcome="erased", plan=report)


def _asked(person: str, service: Service) -> str:
    try:
        return erase_person.asked_for(person, service.connections)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="EMAIL") from None


def _patiently(do: Callable[[], _T]) -> _T:
    """Workers write too; each try waits its two seconds."""
    for _ in range(_TRIES - 1):
        with suppress(StoreBusyError):
            return do()
    return do()


def _forget(service: Service, name: str, *, as_json: bool) -> None:
    count = erase_person.forget(service, name, actor=ACTOR)
    if not count:
        _tell("nobody was erased under that name; nothing was changed", as_json=as_json, outcome="unknown")
        sys.exit(1)
    _tell(f"{count} names are let in again; what comes in from now on is kept", as_json=as_json, outcome="let in")


def _blank(service: Service, name: str) -> None:
    """Our values leave the CRMs while we still know the records; a refusal stops before anything is erased."""
    with service.store.read() as conn:
        who = erasure.target(conn, [name])
    refused = [each for each in blanking.blank(service, who) if not each.done]
    if refused:
        told = "\n".join(
            f"  {each.connection} {each.write.object} {each.write.id}: {each.receipt.code} {each.receipt.message}"
            for each in refused
        )
        msg = f"a CRM refused to clear our fields; nothing was erased. Set it right, or erase without --crm:\n{told}"
        raise click.ClickException(msg)


def _show(report: Report) -> None:
    table = fitted("where", "rows", whole=["rows"])
    for where, count in report.removed.items():
        if count:
            table.add_row(where, str(count))
    Console().print(table)


def _tell(text: str, *, as_json: bool, outcome: str, plan: Report | None = None) -> None:
    if not as_json:
        click.echo(text)
        return
    removed = {} if plan is None else {where: count for where, count in plan.removed.items() if count}
    click.echo(json.dumps({"outcome": outcome, "name": plan.hash if plan else "", "removed": removed}))
