"""Profiling: `profile` touches ask for the fields that a playbook wants but does not require, one at a time.

Source: [behavioural: what sales needs].

The first question goes out with the handoff, the next one when the one before is answered, each once for a handoff. A
question that is answered before its touch could go is not asked. [rules: handoff]
"""

from integration.core.compiled.context import Fold
from integration.core.handoff import packet
from integration.core.model.effect_keys import key
from integration.core.model.state import Waiting


def begin(fold: Fold) -> None:
    """Ask for what is unknown as a lead is handed over; what an earlier handoff left unanswered is asked anew."""
    stop(fold)
    if not fold.excluded():
        _ask(fold)


def go_on(fold: Fold) -> None:
    """Ask the next question, if the one that is asked has its answer now."""
    if fold.state.asking and packet.known(fold, fold.state.asking):
        _withdraw(fold)
        _ask(fold)


def stop(fold: Fold) -> None:
    """Ask nothing more."""
    _withdraw(fold)
    fold.state.asked.clear()


def _withdraw(fold: Fold) -> None:
    state = fold.state
    state.asking = ""
    state.waiting[:] = [each for each in state.waiting if not each.asks]


def _ask(fold: Fold) -> None:
    state, handoff = fold.state, fold.playbook.handoff
    if not handoff.profile_touch:
        return
    for each in handoff.asks:
        if each.field in state.asked or packet.known(fold, each.field):
            continue
        state.asked.append(each.field)
        state.asking = each.field
        state.waiting.append(
            Waiting(
                key=key(state.lead, "profile", each.called, state.cycle),
                at=fold.now,
                step=len(state.asked),
                content=handoff.profile_touch,
                because=f"asks for: {each.label}",
                asks=each.field,
            )
        )
        fold.wake(fold.now)
        return
