"""`coldframe sync`: read everything a CRM has, once, before going live."""

import json
import resource
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import click
from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.progress_columns import COUNTED
from integration.commands.shared.quiet_log import quiet
from integration.examining.ways_to_connect import variables
from integration.flows.base.running_playbook import following
from integration.flows.base.write_access import in_shadow
from integration.flows.delivering.deliver import deliver
from integration.flows.reading import first_sync as flow
from integration.flows.reading.first_sync import Step, SyncError
from integration.store.events import live_since as lives
from integration.store.outgoing import outbox_backlog
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import show_second
from mappings.yaml_files.problems import nearest

_COLUMNS = (*COUNTED, TextColumn("[dim]{task.fields[said]}"))
_PAUSE = 0.5
_GOES_ON = "What was read is kept; run it again, and it goes on there."


@click.command()
@click.argument("connection", required=False)
@click.option("--restart", is_flag=True, help="Read everything again, also what was read before.")
@click.option(
    "--write", is_flag=True, help="Stay until the scores stand in the CRMs; otherwise the workers write them."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as it goes on.")
def sync(connection: str | None, *, restart: bool, write: bool, as_json: bool) -> None:
    r"""Read everything a CRM has: companies, people, deals, and what was done; of all CRMs unless one is named.

    History is scored and makes no tasks. Interrupt it as you like: run again, it goes on where it stopped. The
    service may run meanwhile. Exit status 1 when it cannot go on now, and when a CRM would not show some object: it
    says which, goes on with the others, and asks again when it is run again.

    \b
    Example:
      coldframe sync
      coldframe sync salesforce --json
      coldframe sync --restart
    """
    quiet()
    service = following(build.service())
    names = _named(service, connection)
    teller = _Lines() if as_json else _Bars(Progress(*_COLUMNS, console=Console(stderr=True)))
    if not restart and not as_json:
        _already(service, names)
    try:
        with teller:
            steps = _run(service, names, teller, restart=restart, write=write)
    except SyncError as error:
        raise click.ClickException(str(error)) from None
    missed = [step for step in steps if not step.course.whole]
    if not as_json:
        _summary(service, steps)
    for step in missed if not as_json else ():
        click.echo(f"{step.connection}: {step.object} was not read: {step.course.skipped}", err=True)
    if missed and not as_json:
        click.echo(
            "Where a right is missing, give it to this user, or take the object out of the mapping; "
            "then run sync again.",
            err=True,
        )
    if missed:
        raise SystemExit(1)


def _named(service: Service, connection: str | None) -> list[ConnectionName]:
    known = list(service.connections)
    if not known:
        msg = f"no CRM is connected: set {variables()} (docs/operations.md)"
        raise click.ClickException(msg)
    if connection is not None and connection not in known:
        msg = f"no connection is called {connection!r}{nearest(connection, known)}; there are {', '.join(known)}"
        raise click.ClickException(msg)
    return [ConnectionName(connection)] if connection else known


def _already(service: Service, names: Sequence[ConnectionName]) -> None:
    """Say what is read already, and what will go on where it stopped."""
    for name in names:
        connection = service.connections[name]
        with service.store.read() as conn:
            known = flow.standing(conn, connection)
        if not known:
            continue
        began = show_second(min(course.began_at for course in known.values()))
        left = [each for each in flow.objects(connection) if each not in known or not known[each].whole]
        said = f"goes on with {left[0]}" if left else "was read whole; --restart reads it again"
        click.echo(f"{name}: the sync of {began} {said}.", err=True)


def _run(
    service: Service, names: Sequence[ConnectionName], teller: "_Bars | _Lines", *, restart: bool, write: bool
) -> list[Step]:
    found: list[Step] = []
    away: list[str] = []
    for name in names:
        try:
            found += flow.sync(service, name, teller.read, others=names, restart=restart)
        except SyncError as error:
            away.append(f"{name}: {error}")
    if away:
        raise SyncError("\n".join([*away, _GOES_ON]))
    teller.counted("deciding", flow.release(service))
    flow.decide(service, lambda left: teller.left("deciding", left))
    if write:
        _write(service, names, teller)
    return found


def _write(service: Service, names: Sequence[ConnectionName], teller: "_Bars | _Lines") -> None:
    """Deliver, or watch the workers deliver, until nothing waits that could be written."""
    for name in names:
        what = f"writing {name}"
        teller.counted(what, _waiting(service, name))
        while left := _waiting(service, name):
            teller.left(what, left)
            if _shadow(service):
                return
            if not deliver(service, name):
                service.lanes.sleep(_PAUSE)
        teller.left(what, 0)


def _shadow(service: Service) -> bool:
    with service.store.read() as conn:
        return in_shadow(conn, service)


def _waiting(service: Service, name: ConnectionName) -> int:
    with service.store.read() as conn:
        return outbox_backlog.sendable(conn, name)


@dataclass(slots=True)
class _Lines:
    """JSON lines: what was read, how many wait, and the most memory this process has taken."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def read(self, step: Step) -> None:
        course = step.course
        line = {"phase": "reading", "connection": step.connection, "object": step.object, "read": course.read}
        line |= {"total": course.total, "done": course.done, "resumed": step.resumed}
        self._tell(
            line | {name: text for name, text in (("waiting", step.waiting), ("skipped", course.skipped)) if text}
        )

    def counted(self, phase: str, total: int) -> None:
        self._tell({"phase": phase, "left": total})

    def left(self, phase: str, left: int) -> None:
        self._tell({"phase": phase, "left": left})

    def _tell(self, line: dict[str, object]) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        click.echo(json.dumps(line | {"peak_kb": peak}))


@dataclass(slots=True)
class _Bars:
    """A bar for each object, for the decisions, and for each CRM that is written to, with the time that is left."""

    progress: Progress
    bars: dict[str, TaskID] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def read(self, step: Step) -> None:
        course = step.course
        total = course.read if course.done else max(course.total, course.read) or None
        said = step.waiting or course.skipped or ("goes on where it stopped" if step.resumed else "")
        self._move(f"{step.connection} {step.object}", total=total, completed=course.read, said=said)

    def counted(self, phase: str, total: int) -> None:
        self.totals[phase] = total
        self._move(phase, total=total, completed=0, said="")

    def left(self, phase: str, left: int) -> None:
        total = self.totals[phase] = max(self.totals.get(phase, 0), left)
        self._move(phase, total=total, completed=total - left, said="")

    def _move(self, name: str, *, total: int | None, completed: int, said: str) -> None:
        if name not in self.bars:
            self.bars[name] = self.progress.add_task(name, total=total, said=said)
        self.progress.update(self.bars[name], total=total, completed=completed, said=said)


def _summary(service: Service, steps: Sequence[Step]) -> None:
    console = Console()
    whole = all(step.course.whole for step in steps)
    table = fitted("CRM", "object", "read", "", whole=["read"], title="Read whole" if whole else "Not read whole")
    for step in steps:
        table.add_row(step.connection, step.object, str(step.course.read), step.course.skipped)
    console.print(table)
    with service.store.read() as conn:
        live = lives.get(conn)
        waiting = {name: outbox_backlog.sendable(conn, name) for name in service.connections}
        shadow = in_shadow(conn, service)
    since = show_second(live.since) if live else "its first decision"
    console.print(f"Live since {since}: what lies before was scored and makes no tasks.")
    for name, left in waiting.items():
        if left:
            next_ = "coldframe live starts writing" if shadow else "the workers carry them out"
            console.print(f"{left} writes wait for {name}: coldframe shadow report shows them, {next_}.")
