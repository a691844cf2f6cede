"""`coldframe shadow report`: what would be written, before anything is."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from connectors.base.port import Unavailable
from integration.commands.authoring.shadow_csv import report_file
from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.quiet_log import quiet
from integration.commands.shared.written_items import read
from integration.core.run.lateness import TOO_LATE
from integration.flows.base.running_playbook import following
from integration.flows.base.write_access import in_shadow
from integration.flows.going_live.go_live import back_to_shadow
from integration.flows.looking import compare_with_crm as flow
from integration.flows.looking.compare_with_crm import Change, Task
from integration.flows.looking.written_sums import Sums
from integration.store.events import live_since
from integration.store.events.live_since import HISTORY
from integration.store.outgoing import people_without_records
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import show, show_second

_LONGEST = 40


@click.group()
def shadow() -> None:
    r"""Shadow mode: everything is computed and nothing written. A new service begins in it; `coldframe live` ends it.

    \b
    Example:
      coldframe shadow report
      coldframe shadow on
    """


@shadow.command()
def on() -> None:
    r"""Go back to shadow mode: all processes go on computing, and write nothing within seconds.

    What is decided waits. When `coldframe live` ends it, the last day's tasks go out, and older ones lapse.

    \b
    Example:
      coldframe shadow on
    """
    quiet()
    if back_to_shadow(build.service()):
        click.echo("Shadow mode: nothing is written any more. `coldframe live` starts writing again.")
    else:
        click.echo("The service is in shadow mode already: nothing is written.")


@shadow.command()
@click.option("--limit", default=10, show_default=True, help="How many records, and how many tasks, are shown.")
@click.option(
    "--csv", "sheet", type=click.Path(path_type=Path), help="Also write all of it to a file for spreadsheets."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def report(limit: int, sheet: Path | None, *, as_json: bool) -> None:
    r"""Show what would be written: field by field beside what the CRM holds now, and task by task; then the sums.

    Everything that waits is read and counted; --limit says how much of it is shown.

    \b
    Example:
      coldframe shadow report
      coldframe shadow report --limit 100 --json
      coldframe shadow report --csv report.csv
    """
    quiet()
    service = following(build.service())
    sums, shown = Sums(), _Shown(limit)
    try:
        with report_file(sheet) as rows:
            for items in read(service):
                sums.add(items)
                shown.add(items)
                if rows is not None:
                    rows.add(items)
    except Unavailable as away:
        msg = f"a CRM does not answer as it should: {away}. Run this again."
        raise click.ClickException(msg) from None
    with service.store.read() as conn:
        sums.withheld = live_since.withheld(conn)
        shown.people, sums.people = people_without_records.waiting(conn, limit), people_without_records.totals(conn)
    if as_json:
        _lines(service, shown, sums)
    else:
        _tables(service, shown, sums)
    if sheet is not None:
        click.echo(f"{sheet} written.", err=True)


@dataclass(slots=True)
class _Shown:
    """The first records and tasks."""

    limit: int
    changes: list[tuple[flow.Item, ...]] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    people: list[people_without_records.Waiting] = field(default_factory=list)

    def add(self, items: tuple[flow.Item, ...]) -> None:
        for each in items[:1]:
            if isinstance(each, Task):
                self.tasks += [each] if len(self.tasks) < self.limit else []
            elif len(self.changes) < self.limit:
                self.changes.append(items)


def _lines(service: Service, shown: _Shown, sums: Sums) -> None:
    for items in shown.changes:
        for each in items:
            if isinstance(each, Change):
                record = {"connection": each.connection, "object": each.object, "id": each.id, "who": each.who}
                _line({"kind": "field", **record, "field": each.field, "now": each.now, "then": each.then})
    for task in shown.tasks:
        due = show(task.due_at) if task.due_at is not None else None
        said = {"key": task.key, "subject": task.subject, "who": task.who, "due_at": due, "owner": task.owner}
        _line({"kind": task.kind, "connection": task.connection, **said, "decided_at": show(task.decided_at)})
    for one in shown.people:
        _line({"kind": "waits for a record", **asdict(one), "since": show(one.since)})
    counted = {"fields": sums.fields, "stages": sums.stages, "bands": sums.bands, "tasks": sums.kinds}
    counted |= {"tasks_for": sums.owners}
    _line(
        {
            "kind": "summary",
            "shadow": _is_on(service),
            "records": sums.records,
            **counted,
            "history": sums.withheld.get(HISTORY, 0),
            "too_late": sums.withheld.get(TOO_LATE, 0),
            "without_record": sums.people.people,
        }
    )


def _is_on(service: Service) -> bool:
    with service.store.read() as conn:
        return in_shadow(conn, service)


def _line(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, default=dict))


def _tables(service: Service, shown: _Shown, sums: Sums) -> None:
    console = Console()
    if not _is_on(service):
        console.print("[yellow]The service is live: this is what is on its way.[/]")
    console.print("Fields", style="bold")
    for items in shown.changes:
        console.print(_record(items))
    tasks = fitted("CRM", "what", "subject", "for", "due", "owner", whole=["due"], title="Tasks and nurture e-mails")
    for task in shown.tasks:
        due = show_second(task.due_at) if task.due_at is not None else ""
        tasks.add_row(task.connection, task.kind, escape(task.subject), escape(task.who), due, task.owner)
    totals = fitted("what", "how many", whole=["how many"], title="In all")
    totals.add_row("records that would change", str(sums.records))
    for title, counter in _titled(sums):
        for name, count in sorted(counter.items()):
            totals.add_row(f"{title}: {name}", str(count))
    totals.add_row("people without a record, for whom all of it waits", str(sums.people.people))
    totals.add_row("history, recorded and never carried out", str(sums.withheld.get(HISTORY, 0)))
    totals.add_row("too late, recorded and not carried out", str(sums.withheld.get(TOO_LATE, 0)))
    for table in (tasks, _people(shown), totals):
        if table.row_count:
            console.print(table)


def _record(items: tuple[flow.Item, ...]) -> Group:
    """One record: which it is, then field by field what stands there and what would."""
    changes = [each for each in items if isinstance(each, Change)]
    table = fitted("field", "now", "then")
    for each in changes:
        table.add_row(each.field, _cell(each.now), _cell(each.then))
    first = changes[0]
    return Group(Text(f"{first.connection} {first.object} {first.id} {first.who}"), Padding(table, (0, 0, 1, 2)))


def _titled(sums: Sums) -> tuple[tuple[str, Counter[str]], ...]:
    return (
        ("field", sums.fields),
        ("stage", sums.stages),
        ("band", sums.bands),
        ("new", sums.kinds),
        ("tasks for", sums.owners),
    )


def _people(shown: _Shown) -> Table:
    table = fitted(
        "who",
        "waits since",
        "for a record in",
        "tasks",
        "nurture e-mails",
        whole=["waits since"],
        title="People without a record",
    )
    for each in shown.people:
        counts = (str(each.tasks), str(each.touches))
        table.add_row(escape(each.email or each.lead_id), show_second(each.since), ", ".join(each.connections), *counts)
    return table


def _cell(value: Any) -> str:
    text = "" if value is None else str(value).replace("\n", " · ")
    return escape(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
