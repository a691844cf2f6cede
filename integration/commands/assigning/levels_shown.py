"""Service levels as tables that people read."""

from rich.console import Group, RenderableType
from rich.table import Table

from integration.commands.shared.fitted_tables import fitted
from integration.core.rules.calendar import wall_clock
from integration.flows.levels.level_figures import Figures, Levels
from integration.flows.levels.time_words import span_words
from mappings.values.instant import Span

_SHOWN = 20
"""So many of the overdue are listed; the others are counted."""
_PARTIES = ("ours", "crm", "sales", "sales_working")
_EVERYBODY = "everybody"
_COUNTS = ("met", "late", "overdue", "open", "ended")


def page(found: Levels, timezone: str) -> RenderableType:
    """What was met and missed, what the answers took, and who waits."""
    if not found.figures:
        return "No clock began in that time."
    return Group(_counts(found), "", _times(found), *_overdue(found, timezone))


def _counts(found: Levels) -> Table:
    table = fitted(
        "clock", "whose", "met", "late", "overdue", "open", "ended", "not sales'", right=(*_COUNTS, "not sales'")
    )
    for each in found.figures:
        numbers = [str(each.states[name]) for name in _COUNTS]
        table.add_row(each.label, each.group or _EVERYBODY, *numbers, str(each.late_by_others))
    return table


def _times(found: Levels) -> Table:
    """Median and 90th percentile of what each party took, of what was answered."""
    title = "What answers took: half at most / nine in ten at most"
    table = fitted("clock", "whose", "ours", "CRM's outages", "sales'", "sales', in working time", title=title)
    for each in found.figures:
        table.add_row(each.label, each.group or _EVERYBODY, *(_both(each, name) for name in _PARTIES))
    return table


def _overdue(found: Levels, timezone: str) -> list[RenderableType]:
    if not found.overdue:
        return []
    table = fitted("clock", "lead", "due", "who has it", "not sales'", title="Not answered, and over")
    for each in found.overdue[:_SHOWN]:
        due, others = wall_clock(each.run.due_at, timezone), "yes" if each.late_by_others else ""
        table.add_row(each.label, each.run.lead_id, due, each.person or "nobody", others)
    more = len(found.overdue) - _SHOWN
    return ["", table, *([f"and {more} more (--json lists them)"] if more > 0 else [])]


def _both(each: Figures, name: str) -> str:
    return f"{_said(each.quantile(name, 0.5))} / {_said(each.quantile(name, 0.9))}"


def _said(span: Span | None) -> str:
    return "-" if span is None else span_words(span)
