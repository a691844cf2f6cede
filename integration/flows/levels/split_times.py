"""Split times: how the time of clocks' runs splits into ours, the CRM's outages and sales', for a batch at once.

Reads only; a handful of statements for any number of runs. What is read: the runs, the tasks that their start brought
and since when those stand in the CRM, and when the CRM could not be used.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from integration.core.hours.time_taken import Course, Outage, Taken, taken
from integration.core.model.state import Running
from integration.core.rules.automation_rules import Clock
from integration.core.rules.playbook_rules import Playbook
from integration.store.assigning import lead_tasks
from integration.store.assigning.clock_runs import ClockRun
from integration.store.assigning.lead_tasks import GivenTask
from integration.store.crm import outages
from integration.store.crm.outages import RecordedOutage
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant, Span

_FOR_US = frozenset({"limit", "signed_out"})
"""What keeps us from a CRM in which people can work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRun:
    """A run of a clock, and how its time splits until its answer, or until now.

    `person` and `pool` are who had the lead's task then ("" where nobody had), `connection` where that is. `within` is
    what the clock promises, `working` whether in working time.
    """

    run: ClockRun
    label: str
    within: Span
    working: bool
    taken: Taken
    stands: Instant | None
    person: str = ""
    pool: str = ""
    connection: ConnectionName = ConnectionName("")

    @property
    def state(self) -> str:
        """`met`, `late` (answered, or ended, after the deadline), `overdue` (not answered yet), `open` or `ended`."""
        if self.run.ended_at is None:
            return "overdue" if self.run.breached else "open"
        if self.run.breached:
            return "late"
        return "met" if self.run.answer else "ended"

    @property
    def sales(self) -> Span:
        """What sales took, in the time in which the clock counts."""
        return self.taken.working.sales if self.working else self.taken.plain.sales

    @property
    def late_by_others(self) -> bool:
        """Whether the deadline was missed, and sales has not had the lead for as long as was promised."""
        return self.run.breached and bool(self.within) and self.sales < self.within


def split_times(conn: Sql, playbook: Playbook, runs: Sequence[ClockRun], at: Instant) -> list[TimedRun]:
    """How the time of each of these runs splits as of an instant."""
    if not runs:
        return []
    tasks = lead_tasks.of_leads(conn, {run.lead_id for run in runs})
    first = min(run.started_at for run in runs)
    down = _by_connection(outages.between(conn, first, at), at)
    clocks = {clock.name: clock for clock in playbook.clocks}
    return [
        _timed(run, clocks.get(run.clock), playbook, tasks.get(run.lead_id, ()), down, min(run.ended_at or at, at))
        for run in runs
    ]


def _timed(  # noqa: PLR0913, PLR0917 - what is known of a run
    run: ClockRun,
    clock: Clock | None,
    playbook: Playbook,
    tasks: Sequence[GivenTask],
    down: dict[ConnectionName, list[Outage]],
    ends: Instant,
) -> TimedRun:
    stands, where = _stands(run, tasks)
    had = [task for task in tasks if task.given_at is not None and task.given_at <= ends]
    last = max(had, key=lambda task: (task.given_at or 0, task.key), default=None)
    connection = where or (last.connection if last else ConnectionName(""))
    course = Course(
        run=Running(times=run.times, started=run.started_at, due=run.due_at, hours=list(run.hours)),
        received=run.received_at,
        stands=stands,
        ends=ends,
        outages=down.get(connection, []) if connection else [each for those in down.values() for each in those],
    )
    return TimedRun(
        run=run,
        label=(clock.label if clock else "") or run.clock.replace("_", " "),
        within=clock.within.span if clock else 0,
        working=bool(clock and clock.within.working),
        taken=taken(playbook.calendar, course),
        stands=stands,
        person=last.person if last else "",
        pool=last.pool if last else "",
        connection=connection,
    )


def _stands(run: ClockRun, tasks: Sequence[GivenTask]) -> tuple[Instant | None, ConnectionName]:
    """Since when sales could see what started a run, and where; None as long as it cannot.

    That is when the first of the tasks that were decided with it stood in the CRM. Where its start brought none of its
    own, an open task says it, or sales has the lead already.
    """
    own = [task for task in tasks if task.decided_at == run.started_at and not task.joined]
    there = sorted((task.stands_at, task.connection) for task in own if task.stands_at is not None)
    if there:
        return there[0]
    if own:
        return None, own[0].connection
    opened = [task for task in tasks if task.stands_at is not None and task.stands_at <= run.started_at]
    last = max(opened, key=lambda task: task.stands_at or 0, default=None)
    return run.started_at, last.connection if last else ConnectionName("")


def _by_connection(found: Iterable[RecordedOutage], at: Instant) -> dict[ConnectionName, list[Outage]]:
    down: defaultdict[ConnectionName, list[Outage]] = defaultdict(list)
    for each in found:
        if each.kind != "person":  # a pause that somebody of ours made is our time
            ends = at if each.ends is None else each.ends
            down[each.connection].append(Outage(begins=each.begins, ends=ends, for_us=each.kind in _FOR_US))
    return down
