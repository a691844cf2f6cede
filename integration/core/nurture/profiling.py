"""Profiling: `profile` touches ask for the fields that a playbook wants but does not require, one at a time.

Source: [behavioural: what sales needs].

The first question goes out with the handoff, the next one when the one before is answered, each once for a handoff. A
question that is answered before its touch could go is not asked. [rules: handoff]
"""

from integration.core.compiled.context import Context
from integration.core.handoff import packet
from integration.core.model.effect_keys import key
from integration.core.model.state import Waiting


def begin(context: Context) -> None:
    """Ask for what is unknown as a lead is handed over; what an earlier handoff left unanswered is asked anew."""
    stop(context)
    if not context.excluded():
        _ask(context)


def go_on(context: Context) -> None:
    """Ask the next question, if the one that is asked has its answer now."""
    if context.state.asking and packet.known(context, context.state.asking):
        _withdraw(context)
        _ask(context)


def stop(context: Context) -> None:
    """Ask nothing more."""
    _withdraw(context)
    context.state.asked.clear()


def _withdraw(context: Context) -> None:
    state = context.state
    state.asking = ""
    state.waiting[:] = [each for each in state.waiting if not each.asks]


def _ask(context: Context) -> None:
    state, handoff = context.state, context.playbook.handoff
    if not handoff.profile_touch:
        return
    for each in handoff.asks:
        if each.field in state.asked or packet.known(context, each.field):
            continue
        state.asked.append(each.field)
        state.asking = each.field
        state.waiting.append(
            Waiting(
                key=key(state.lead, "profile", each.called, state.cycle),
                at=context.now,
                step=len(state.asked),
                content=handoff.profile_touch,
                because=f"asks for: {each.label}",
                asks=each.field,
            )
        )
        context.wake(context.now)
        return
