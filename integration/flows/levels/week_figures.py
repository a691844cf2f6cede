"""Week figures: who became an MQL this week and last, what became of them so far, and how fast people were answered.

Kept in the store, since a page has no time to count them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise

from sqlalchemy import Connection

from integration.core.rules import calendar
from integration.flows.levels.level_figures import Counting, Figures, levels
from integration.store.events import stage_entries
from integration.store.events.stage_entries import StageEntry
from integration.store.overall import figure_snapshots
from mappings.values.identifiers import LeadId
from mappings.values.instant import DAY, Instant, Span

_NAME = "weeks"
ANSWERS: Span = 7 * DAY
"""Of so long until now the answers are counted."""
_ORDER = {"mql": 1, "sal": 2, "sql": 3, "customer": 4}
"""How somebody goes on. Entries of one instant come in this order, after those of any other stage."""


@dataclass(slots=True, kw_only=True)
class Week:
    """A calendar week in the playbook's time zone: how many became MQLs, and how many of them SALs and SQLs so far.

    Somebody who became an MQL twice counts twice.
    """

    begins: Instant
    ends: Instant
    mql: int = 0
    sal: int = 0
    sql: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One clock's answers. Spans are what half, and nine in ten, of the answers took at most; None where none came.

    `late_by_others`: missed, though sales has not had the time that was promised.
    """

    label: str
    met: int
    late: int
    overdue: int
    open: int
    late_by_others: int
    half: Span | None
    most: Span | None
    half_of_sales: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFigures:
    """What was counted, and when; the week that has begun first."""

    counted_at: Instant
    weeks: Sequence[Week]
    answers: Sequence[Answers]


def kept(conn: Connection) -> WeekFigures | None:
    """What was counted last; None before the first time."""
    return figure_snapshots.kept(conn, _NAME, WeekFigures)


def count(service: Counting) -> None:
    """Count, and keep it. Raises StoreError."""
    now = service.now()
    weeks = _weeks(now, service.rules.playbook.calendar.timezone)
    _stages(service, weeks, now)
    answers = [_answers(each) for each in levels(service, now - ANSWERS, now).figures]
    with service.store.write() as conn:
        figure_snapshots.keep(conn, _NAME, WeekFigures(counted_at=now, weeks=weeks, answers=answers), now)


def _weeks(now: Instant, timezone: str) -> list[Week]:
    today = date(1970, 1, 1) + timedelta(days=calendar.day_number(now, timezone))
    monday = today - timedelta(days=today.weekday())
    edges = [calendar.at_minute(monday + timedelta(weeks=number), 0, timezone) for number in (1, 0, -1)]
    return [Week(begins=begins, ends=ends) for ends, begins in pairwise(edges)]


def _stages(service: Counting, weeks: Sequence[Week], now: Instant) -> None:
    """Each MQL counts in the week in which they became one; what became of them since counts there too."""
    running: dict[LeadId, tuple[Week, set[str]]] = {}
    with service.store.read() as conn:
        found = stage_entries.between(conn, weeks[-1].begins, now)
        for _, together in groupby(found, key=lambda entry: entry.at):
            for entry in sorted(together, key=lambda entry: _ORDER.get(entry.stage, 0)):
                _enter(entry, weeks, running)


def _enter(entry: StageEntry, weeks: Sequence[Week], running: dict[LeadId, tuple[Week, set[str]]]) -> None:
    """`running`: by lead, the week in which they became an MQL last, and where they came to since."""
    if entry.stage == "mql":
        week = next(each for each in weeks if each.begins <= entry.at)
        week.mql += 1
        running[entry.lead_id] = week, set()
    elif entry.stage in _ORDER:
        since = running.get(entry.lead_id)
        if since is not None and entry.stage not in since[1]:
            since[1].add(entry.stage)
            since[0].sal += entry.stage == "sal"
            since[0].sql += entry.stage == "sql"
    else:
        running.pop(entry.lead_id, None)


def _answers(each: Figures) -> Answers:
    return Answers(
        label=each.label,
        met=each.states["met"],
        late=each.states["late"],
        overdue=each.states["overdue"],
        open=each.states["open"],
        late_by_others=each.late_by_others,
        half=each.quantile("total", 0.5),
        most=each.quantile("total", 0.9),
        half_of_sales=each.quantile("sales_working", 0.5),
    )
