"""The gate: from inquiry (or back from recycled) to MQL, and what sales must know before [semantics 6, 10]."""

from integration.core import packet, stages
from integration.core.effects import HandoffHeld
from integration.core.fold import Fold
from integration.core.keys import key
from integration.core.playbook import Requirement
from integration.core.state import Waiting

GATED = ("inquiry", "recycled")
"""Stages from which the gate leads to `mql`."""


def consider(fold: Fold) -> bool:
    """Let a lead in one of GATED through if it may pass now; whether it did [001:228, semantics 6, 10]."""
    state = fold.state
    asked = fold.demo
    if not asked and not fold.table.gate(fold):
        return False
    if state.stage == "recycled" and not _qualifies(fold):
        return False
    if fold.table.barred(fold) or fold.excluded():
        return False
    gaps = [] if asked else packet.missing(fold)
    if gaps:
        _hold(fold, gaps)
        return False
    stages.announce(fold, "asked for a demo" if asked else _gate_words(fold))
    return True


def _qualifies(fold: Fold) -> bool:
    """A recycled lead passes by a scoring activity after its return and after the hold."""
    state = fold.state
    if state.qualified:
        return True
    if not (fold.scoring or fold.demo) or fold.now < (state.hold or fold.now):
        return False
    return state.returned is None or fold.now > state.returned


def _gate_words(fold: Fold) -> str:
    label = fold.playbook.gate.label
    scores = f"total {packet.points(fold.state.fit + fold.state.score.value)}, fit {packet.points(fold.state.fit)}"
    return f"{label}: {scores}" if label else f"the gate holds: {scores}, band {fold.band()}"


def _hold(fold: Fold, gaps: list[Requirement]) -> None:
    """Hold the handoff until sales would know enough; ask for the rest, once [003:28, semantics 10]."""
    state = fold.state
    state.qualified = state.stage == "recycled"
    asked, state.held = state.held is not None, [each.called for each in gaps]
    if asked:
        return
    state.holds += 1
    number = state.holds
    because = "missing: " + ", ".join(each.label for each in gaps)
    fold.effects.append(
        HandoffHeld(
            key=key(state.lead, "held", number),
            lead=state.lead,
            at=fold.now,
            because=(because,),
            missing=tuple(state.held),
        )
    )
    touch = fold.playbook.handoff.profile_touch
    if touch:
        state.waiting.append(
            Waiting(key=key(state.lead, "profile", number), at=fold.now, step=1, content=touch, because=because)
        )
        fold.wake(fold.now)
