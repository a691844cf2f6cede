"""Lateness: which effects fell due so long ago that they are recorded and withheld [rules: time and order].

Scores, stages and tracks are as if everything had arrived in time; only what people would see too late is withheld:
a touch, a task, and the message of a clock that ran out before its start was known.
"""

from collections.abc import Iterable, Mapping

from integration.core.model.effects import AlertRaised, Effect, Escalated, TaskWanted, TouchDue
from mappings.values.instant import DAY, Instant, Span

TOO_LATE = "too late"
"""Why such an effect is withheld."""
TOUCH: Span = DAY
"""A touch that fell due longer ago than this is not sent any more."""
TASK: Span = 7 * DAY
"""A task that was due longer ago than this is not made any more."""


def causes(effects: Iterable[Effect]) -> set[str]:
    """The keys of the effects with which those clocks started that say something here."""
    return {each.cause for each in effects if isinstance(each, AlertRaised | Escalated) and each.cause}


def too_late(effect: Effect, decided: Instant, told: Mapping[str, Instant]) -> bool:
    """Whether an effect that is decided at that instant comes too late to be carried out.

    `told` says when each of `causes` was decided; what is absent is taken to have been known in time.
    """
    match effect:
        case TouchDue():
            return decided - effect.at > TOUCH
        case TaskWanted():
            return decided - effect.due_at > TASK
        case Escalated(cause=cause, deadline=deadline) | AlertRaised(cause=cause, deadline=deadline):
            return deadline is not None and told.get(cause, deadline) > deadline
        case _:
            return False
