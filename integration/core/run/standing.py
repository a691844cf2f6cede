"""Standing: where a lead stands at an instant (scores, band, segment, stage, track), in whole points and in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.handoff import packet
from integration.core.model.state import LeadState, copied
from integration.core.nurture.upcoming import upcoming
from integration.core.rules.scoring_rules import POINT
from integration.core.run import due_work
from integration.core.run.decide import settle
from mappings.model.canonical import NOTHING, Value
from mappings.values.instant import Instant

_SIGNALS = 2
_ASKED = frozenset({"asked", "flag"})
"""Reasons for silence that are the person's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Scores in whole points, rounded down; `reasons` are sentences, the strongest first."""

    fit: int
    engagement: int
    total: int
    band: str
    segment: str | None
    stage: str
    track: str | None
    suppressed: bool
    opted_out: bool
    """Whether the person asked to be left alone; others are silenced by hand, or by a track that came to its end."""
    recycle_reason: str | None
    persona: str | None
    buying_job: str | None
    funnel_stage: str | None
    excluded: bool
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    signals: tuple[str, ...] = ()
    """The two strongest signals of late, as a handoff names them."""
    last_activity: Instant | None = None
    answer_due: Instant | None = None
    """When the first of the clocks that run is due, also where that is over."""
    overdue_since: Instant | None = None
    """When the first of the clocks that nobody has answered ran out."""
    active_again: Instant | None = None
    """Of a lead that sales gave back: when it last did something that may lead it back."""
    next_touch: str | None = None
    next_touch_at: Instant | None = None
    found_out: Mapping[str, Value] = field(default_factory=lambda: NOTHING)
    """What sales found out (FOUND_OUT), as far as its answer is the last word."""


def standing(compiled: CompiledPlaybook, state: LeadState, at: Instant) -> Standing:
    """Where a lead stands at `at`; a state of before is first taken there. The given state is not changed."""
    context = placed(compiled, state, at)
    state = context.state
    score = state.score.value
    at_next, next_touch = upcoming(context)
    return Standing(
        fit=state.fit // POINT,
        engagement=score // POINT,
        total=(state.fit + score) // POINT,
        band=context.band(),
        segment=context.segment(),
        stage=state.stage,
        track=state.stay.track if state.stay else None,
        suppressed=context.silent,
        opted_out=context.silent and not _ASKED.isdisjoint(state.silenced),
        recycle_reason=state.recycle_reason,
        persona=context.persona(),
        buying_job=context.job(),
        funnel_stage=context.funnel(),
        excluded=context.excluded(),
        missing=tuple(state.held or ()),
        reasons=tuple(_reasons(context)),
        signals=tuple(packet.signal_words(context, name, seen) for name, seen in packet.strongest(context)[:_SIGNALS]),
        last_activity=state.engaged,
        answer_due=min((run.due for run in state.clocks.values() if run.stopped is None), default=None),
        overdue_since=_overdue(context),
        active_again=_active_again(context),
        next_touch=next_touch,
        next_touch_at=at_next,
        found_out={name: state.fields[name] for name in state.found_out if name in state.fields},
    )


def _overdue(context: Context) -> Instant | None:
    """Since when sales owes an answer that was promised by then; nobody owes one to excluded people."""
    if context.excluded():
        return None
    clocks = context.state.clocks.values()
    return min((run.due for run in clocks if run.breached and run.stopped is None), default=None)


def _active_again(context: Context) -> Instant | None:
    """When a recycled lead last scored with something that resets its idle clock, if that was after its return."""
    state = context.state
    if state.stage != "recycled" or state.scored is None or state.returned is None:
        return None
    return state.scored if state.scored > state.returned else None


def placed(compiled: CompiledPlaybook, state: LeadState, at: Instant) -> Context:
    """A lead's state taken to `at`, to be read. The given state is not changed."""
    if state.due is not None and state.due <= at:
        context = Context(compiled, copied(state))
        due_work.pass_time(context, at, settle)
    else:
        context = Context(compiled, state)
    context.now = max(context.now, at)
    return context


def _reasons(context: Context) -> list[str]:
    """The reasons for a lead's score, by points: recent signals, then fit."""
    fits = [
        (rule.points, rule.label or rule.name)
        for group in (context.playbook.fit.groups if context.playbook.fit else ())
        if (place := context.state.fit_rules.get(group.name, -1)) >= 0
        for rule in (group.rules[place],)
    ]
    reasons = [(seen.points, packet.signal_words(context, name, seen)) for name, seen in packet.strongest(context)]
    reasons += [(amount, f"{label}: {packet.points(amount)} points of fit") for amount, label in fits if amount > 0]
    return [words for _, words in sorted(reasons, key=lambda reason: -reason[0])]
