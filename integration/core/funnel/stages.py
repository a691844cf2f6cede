"""Stages: how a lead moves to a stage, and what follows from each move.

A stage moves by the table of [rules: stages]; only a person's choice in the CRM, a return and a silence move it back.
"""

from integration.core.compiled.context import NEVER, Fold
from integration.core.handoff import plays, sla_clocks
from integration.core.model.effect_keys import key
from integration.core.model.effects import StageChanged
from integration.core.nurture import profiling, track_routing, tracks
from integration.core.rules.playbook_rules import Recycle
from mappings.values.instant import Instant

WORKED = ("mql", "sal", "sql")
"""Stages in which sales has the lead before it, or in hand; attempts to reach it count there."""
_OURS_TO_NURTURE = ("inquiry", "recycled")


def unreached_due(fold: Fold) -> Instant:
    """When a lead that nobody reaches goes back to nurturing; NEVER if there is no such rule or reason."""
    rule, state = fold.playbook.unreached, fold.state
    if rule is None or state.first_attempt is None or state.stage not in WORKED or state.attempts < rule.attempts:
        return NEVER
    return state.first_attempt + rule.over


def give_up(fold: Fold) -> None:
    """Recycle a lead that nobody reached."""
    recycle(fold, "no_response", f"{fold.state.attempts} attempts without connection")


def recycle(fold: Fold, reason: str | None, because: str, *, lost: bool = False) -> None:
    """Return a lead to nurturing; the reason names the track and for how long nobody hands the lead over again.

    Source: [operating-model: recycling] [two-axis: handoff].
    """
    state, left = fold.state, fold.state.stage
    state.recycle_reason = reason
    starts_anew(fold)
    state.hold = fold.now
    enter(fold, "recycled", because)
    route = way_back(fold, reason, left, lost=lost)
    if route is not None:
        state.hold = fold.now + route.hold
        if route.track:
            tracks.go(fold, route.track, because)
            return
    if move := track_routing.on_stage(fold, "recycled", left):
        track_routing.follow(fold, move)


def way_back(fold: Fold, reason: str | None, left: str, *, lost: bool) -> Recycle | None:
    """The first line of the playbook that fits a return from a stage, for a reason."""
    for route in fold.playbook.recycle:
        if (
            (not route.reasons or reason in route.reasons)
            and (not route.left or left in route.left)
            and (lost or not route.lost)
        ):
            return route
    return None


def starts_anew(fold: Fold) -> None:
    """From the current event on, only what comes after it opens the gate [rules: stages]."""
    state = fold.state
    state.returned, state.returned_by = fold.now, fold.cause
    state.held, state.qualified = None, False


def come_to(fold: Fold, stage: str, because: str) -> None:
    """Come to a stage, with all that follows from it."""
    left = fold.state.stage
    enter(fold, stage, because)
    if move := track_routing.on_stage(fold, stage, left):
        track_routing.follow(fold, move)


def enter(fold: Fold, stage: str, because: str) -> None:
    """Take on a stage, with the clocks that start or stop with it."""
    state = fold.state
    before, state.stage = state.stage, stage
    state.stages[stage] = state.stages.get(stage, 0) + 1
    fold.wake(fold.now)
    changed = StageChanged(
        key=key(state.lead, "stage", stage, state.stages[stage]),
        lead=state.lead,
        at=fold.now,
        because=(because,),
        before=before,
        after=stage,
    )
    fold.effects.append(changed)
    if stage not in WORKED:
        state.attempts, state.first_attempt = 0, None
    if stage not in _OURS_TO_NURTURE:
        state.held, state.qualified = None, False
    if stage in ("recycled", "customer", "suppressed"):
        sla_clocks.stop_all(fold)
        plays.answered(fold)
    if stage == "recycled":
        state.paused = None
    else:
        state.recycle_reason = None if stage != "suppressed" else state.recycle_reason
    if stage != "suppressed":
        sla_clocks.start(fold, changed.key, stage=stage)


def announce(fold: Fold, because: str) -> None:
    """Become an MQL: the stage, its clocks, the handoff [rules: clocks] [rules: handoff]."""
    state = fold.state
    state.cycle += 1
    state.attempts, state.first_attempt = 0, None
    state.returned, state.returned_by = None, ""
    state.handed = fold.now
    left = state.stage
    enter(fold, "mql", because)
    plays.begin(fold, fold.playbook.handoff.play, because)
    profiling.begin(fold)
    if move := track_routing.on_stage(fold, "mql", left):
        track_routing.follow(fold, move)
