"""The working copy of one lead while events are applied: its state, and what was decided so far."""

from collections.abc import Callable

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.dispatch import Dispatch
from integration.core.model.effects import Effect
from integration.core.model.ledger import Line
from integration.core.model.state import LeadState, Running
from integration.core.rules.playbook_rules import Playbook
from mappings.model.canonical import Activity, Value
from mappings.values.instant import Instant

NEVER: Instant = 1 << 62
"""Later than anything that falls due."""


class Unfoldable(Exception):
    """An event, or what falls due at its time, that a lead cannot be carried over; the cause says why.

    `event` is "" where only time passed. One such lead must never keep another from
    being decided about [rules: time and order].
    """

    def __init__(self, lead: str, event: str, cause: Exception) -> None:
        super().__init__(lead, event, cause)
        self.lead = lead
        self.event = event
        self.cause = cause

    def __str__(self) -> str:
        return f"{type(self.cause).__name__}: {self.cause}".removesuffix(": ")


class Context:
    """One lead's state being changed in place. `horizon` is at or before the next thing that falls due.

    Due times are written in the zone of whoever reads them (`reads_in`): the playbook's, unless a caller knows better.

    The scratch fields describe the current event: `activity`, the numbers of the arms it matched (`arms`),
    whether it scored and reset the idle clock (`scoring`), was an engagement (`engaging`), asked for a demo (`demo`),
    and whether it has taken the lead off a track (`exited`) or may yet take it onto one (`leads_on`): once for each.
    """

    __slots__ = (
        "activity",
        "arms",
        "cause",
        "compiled",
        "demo",
        "effects",
        "engaging",
        "event",
        "exited",
        "horizon",
        "ids",
        "leads_on",
        "lines",
        "now",
        "playbook",
        "reads_in",
        "runs",
        "scoring",
        "state",
        "table",
        "what",
    )

    def __init__(self, compiled: CompiledPlaybook, state: LeadState) -> None:
        self.compiled = compiled
        self.playbook: Playbook = compiled.playbook
        self.table: Dispatch = compiled.dispatch
        self.state: LeadState = state
        self.effects: list[Effect] = []
        self.lines: list[Line] = []
        self.runs: dict[tuple[str, int], Running] = {}
        """Every run of a clock that changed or began, by the clock's name and how many runs it has had."""
        self.reads_in: str = compiled.playbook.calendar.timezone
        self.horizon: Instant = -NEVER
        self.ids = True
        """Whether an id may stand for a name that is not known: in a replay, where a person wrote it."""
        self.now: Instant = state.watermark[0] if state.watermark else -NEVER
        self.forget()

    def forget(self) -> None:
        """Clear what describes the last event: no event is current."""
        self.activity: Activity | None = None
        self.cause = ""
        self.arms: frozenset[int] = frozenset()
        self.event = False
        self.scoring = False
        self.engaging = False
        self.demo = False
        self.exited = False
        self.leads_on = False
        self.what: str | None = None

    def wake(self, at: Instant) -> None:
        """Something may fall due at that instant."""
        self.horizon = min(self.horizon, at)

    @property
    def silent(self) -> bool:
        """Whether no touch and no task may go to this lead."""
        return self.state.stage == "suppressed"

    @property
    def deferred(self) -> bool:
        """Whether a person keeps this lead from sales and from touches now."""
        hold = self.state.deferral
        return hold is not None and self.now < hold.until

    def not_deferred(self, at: Instant) -> Instant:
        """The first instant from `at` on at which the lead is not on hold."""
        hold = self.state.deferral
        return at if hold is None or at >= hold.until else hold.until

    def read(self, name: str) -> Value:
        """A field of the lead, of its account (`account.name`), or of its standing; None where unknown."""
        state = self.state
        derived = _DERIVED.get(name)
        if derived is not None:
            return derived(self)
        return state.company.get(name[8:]) if name[:8] == "account." else state.fields.get(name)

    def band(self) -> str:
        """The first band whose condition holds."""
        bands = self.table.bands
        for name, check in bands:
            if check(self):
                return name
        return bands[-1][0]

    def segment(self) -> str | None:
        """The segment of its scores; None without thresholds."""
        return self.playbook.segments.of(self.state.fit, self.state.score.value)

    def persona(self) -> str | None:
        """The first persona whose condition holds."""
        return next((name for name, check in self.table.personas if check(self)), None)

    def job(self) -> str | None:
        """The buying job: as fields say, else as the latest telling activity suggests.

        Source: [operating-model: buying jobs].
        """
        told = next((name for name, check in self.table.job_conditions if check(self)), None)
        return told or self.state.job or None

    def funnel(self) -> str | None:
        """The furthest funnel stage that recent signals show [two-axis: funnel stages] [two-axis: persona]."""
        table, state = self.table, self.state
        oldest = self.now - self.playbook.segments.funnel_memory
        shown = {name for name, check in table.funnel_conditions if check(self)}
        for name in reversed(table.funnel_order):
            if name in shown or state.funnel.get(name, -NEVER) >= oldest:
                return name
        return table.funnel_order[0] if table.funnel_order else None

    def excluded(self) -> bool:
        """Whether this person is scored but never handed to sales [two-axis: persona]."""
        for check in self.table.exclusions:  # noqa: SIM110 - every gate asks, and any() costs twice the loop
            if check(self):
                return True
        return False


_DERIVED: dict[str, Callable[[Context], Value]] = {
    "fit": lambda context: context.state.fit,
    "engagement": lambda context: context.state.score.value,
    "total": lambda context: context.state.fit + context.state.score.value,
    "band": Context.band,
    "segment": Context.segment,
    "stage": lambda context: context.state.stage,
    "track": lambda context: context.state.stay.track if context.state.stay else None,
    "funnel": Context.funnel,
    "persona": Context.persona,
    "buying_job": Context.job,
    "recycle_reason": lambda context: context.state.recycle_reason,
    "excluded": Context.excluded,
    "opportunity.created_at": lambda context: context.state.deals.get("created_at"),
    "opportunity.closed_at": lambda context: context.state.deals.get("closed_at"),
}
