"""Applying a lead's events in order, with what falls due between them. Replay and the service share this."""

from collections.abc import Iterable

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context, Unfoldable
from integration.core.model.events import Event
from integration.core.model.state import LeadState, copied
from integration.core.run.account_signals import observe
from integration.core.run.decide import Decision, closed, settle, take
from integration.core.run.due_work import pass_time
from mappings.values.instant import Instant

__all__ = ["Unfoldable", "advance", "observe"]


def advance(
    compiled: CompiledPlaybook, state: LeadState, events: Iterable[Event], until: Instant, *, owned: bool = False
) -> Decision:
    """Apply events, sorted by `order`, then let time pass to `until` (inclusive).

    Adjacent duplicates count once. The given state is not changed, unless it is `owned`: then it is worked on in place
    and must not be used any more (a state just decoded needs no copy). An event before the state's watermark is late:
    ValueError. The watermark moves with events and with due work that was really done, not with `until`. Raises
    Unfoldable, which names the event, where the lead cannot be carried on.
    """
    context = Context(compiled, state if owned else copied(state))
    for event in events:
        take(context, event)
    try:
        pass_time(context, until, settle)
        return closed(context)
    except Exception as error:
        raise Unfoldable(context.state.lead, "", error) from error
