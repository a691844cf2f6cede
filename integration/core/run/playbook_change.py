"""Playbook change: who passes a changed playbook's gate today, and the tasks that say so to sales."""

from collections.abc import Iterable
from dataclasses import replace

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.funnel import gate
from integration.core.handoff import plays, sla_clocks
from integration.core.model.effects import StageChanged, TaskWanted
from integration.core.model.events import Event
from integration.core.model.state import LeadState, Running, copied
from integration.core.run.decide import Decision
from mappings.model.canonical import Activity
from mappings.values.instant import DAY, Instant, Span

ASKED: Span = 14 * DAY
"""For how long a demo request opens the gate of a playbook that is published after it [rules: stages]."""


def handed_over(
    compiled: CompiledPlaybook, decision: Decision, events: Iterable[Event], before: str | None, now: Instant
) -> list[TaskWanted]:
    """The handoff's tasks of a lead that was derived anew and passes the gate now; none where it passed it before.

    `before` is the stage in which the playbook of before had the lead. The tasks are those of the decision, unchanged.
    """
    if before not in gate.GATED or not passes(compiled, decision.state, events, now):
        return []
    moves = [each.at for each in decision.effects if isinstance(each, StageChanged) and each.after == "mql"]
    since = max(moves, default=now)
    return [
        each
        for each in decision.effects
        if isinstance(each, TaskWanted) and each.play == compiled.playbook.handoff.play and each.at >= since
    ]


def passes(compiled: CompiledPlaybook, state: LeadState, events: Iterable[Event], now: Instant) -> bool:
    """Whether somebody is an MQL whose gate holds now, or who asked for a demo lately."""
    if state.stage != "mql":
        return False
    context = Context(compiled, copied(state))
    context.now = now
    if context.deferred:
        return False
    return gate.holds(context) or _asked(context, events, now)


def _asked(context: Context, events: Iterable[Event], now: Instant) -> bool:
    """Whether a demo was asked for lately, by somebody whom nothing bars."""
    if context.table.barred(context) or context.excluded():
        return False
    return any(
        isinstance(event, Activity)
        and now - ASKED <= event.at <= now
        and context.table.meaning(event.type, event.properties).demo
        for event in events
    )


def as_of(compiled: CompiledPlaybook, state: LeadState, wanted: TaskWanted, now: Instant) -> TaskWanted:
    """The same task as the engine writes it at `now`, under the same key: due from then on, with the story of then."""
    context = Context(compiled, copied(state))
    context.now = now
    for clock in context.playbook.clocks:
        if clock.stage == "mql":  # for the words alone: the state's own clock runs since the gate was passed
            context.state.clocks[clock.name] = Running(
                times=1, started=now, due=sla_clocks.falls(context, now, clock.within)
            )
    context.state.plays.pop(wanted.play, None)
    context.state.conversations.clear()  # as a task of its own; what it joins was decided with it
    plays.begin(context, wanted.play, "".join(wanted.because[:1]))
    written = (each for each in context.effects if isinstance(each, TaskWanted) and each.step == wanted.step)
    found = next(written, replace(wanted, due_at=now + DAY))
    return replace(found, key=wanted.key, at=wanted.at, because=wanted.because, joins=wanted.joins)
