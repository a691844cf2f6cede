"""Stages: how a lead moves to a stage, and what follows from each move.

A stage moves by the table of [rules: stages]; only a person's choice in the CRM, a return and a silence move it back.
"""

from integration.core.compiled.context import NEVER, Context
from integration.core.handoff import plays, sla_clocks
from integration.core.handoff.last_time import last_time
from integration.core.model.effect_keys import key
from integration.core.model.effects import StageChanged
from integration.core.model.given_back import GivenBack
from integration.core.nurture import profiling, track_routing, tracks
from integration.core.rules.playbook_rules import Recycle
from mappings.values.instant import Instant

WORKED = ("mql", "sal", "sql")
"""Stages in which sales has the lead before it, or in hand; attempts to reach it count there."""
_OURS_TO_NURTURE = ("inquiry", "recycled")


def unreached_due(context: Context) -> Instant:
    """When a lead that nobody reaches goes back to nurturing; NEVER if there is no such rule or reason."""
    rule, state = context.playbook.unreached, context.state
    if rule is None or state.first_attempt is None or state.stage not in WORKED or state.attempts < rule.attempts:
        return NEVER
    return state.first_attempt + rule.over


def give_up(context: Context) -> None:
    """Recycle a lead that nobody reached."""
    after = f"{context.state.attempts} attempts without connection"
    recycle(context, GivenBack(at=context.now, left=context.state.stage, reason="no_response", after=after), after)


def recycle(context: Context, back: GivenBack, because: str, *, lost: bool = False) -> None:
    """Return a lead to nurturing; the reason names the track and for how long nobody hands the lead over again.

    Source: [operating-model: recycling] [two-axis: handoff].
    """
    state = context.state
    state.recycle_reason = back.reason or None
    if back.left in WORKED:
        state.given_back = back
    starts_anew(context)
    state.hold = context.now
    enter(context, "recycled", because)
    _by_reason(context, back, because, lost=lost)


def unexplained(context: Context) -> bool:
    """Whether sales has given the lead back, and has yet to say why."""
    return context.state.unexplained is not None and context.state.stage == "recycled"


def explain(context: Context, back: GivenBack, because: str) -> None:
    """The reason for which a lead was given back has come later: it names the track, and holds since the return."""
    state = context.state
    state.recycle_reason, state.unexplained = back.reason or None, None
    state.given_back = back
    _by_reason(context, back, because, lost=False)


def _by_reason(context: Context, back: GivenBack, because: str, *, lost: bool) -> None:
    """What the first line of the playbook that fits the return says: for how long it holds, and the track."""
    route = way_back(context, back.reason or None, back.left, lost=lost)
    if route is not None:
        context.state.hold = back.at + route.hold
        if route.track:
            tracks.go(context, route.track, because)
            return
    if move := track_routing.on_stage(context, "recycled", back.left):
        track_routing.follow(context, move)


def way_back(context: Context, reason: str | None, left: str, *, lost: bool) -> Recycle | None:
    """The first line of the playbook that fits a return from a stage, for a reason."""
    for route in context.playbook.recycle:
        if (
            (not route.reasons or reason in route.reasons)
            and (not route.left or left in route.left)
            and (lost or not route.lost)
        ):
            return route
    return None


def starts_anew(context: Context) -> None:
    """From the current event on, only what comes after it opens the gate [rules: stages]."""
    state = context.state
    state.returned, state.returned_by = context.now, context.cause
    state.held, state.qualified = None, False
    if state.deferral is not None:
        state.deferral.asked, state.deferral.handoff = False, ""


def come_to(context: Context, stage: str, because: str) -> None:
    """Come to a stage, with all that follows from it."""
    left = context.state.stage
    enter(context, stage, because)
    if move := track_routing.on_stage(context, stage, left):
        track_routing.follow(context, move)


def enter(context: Context, stage: str, because: str) -> None:
    """Take on a stage, with the clocks that start or stop with it."""
    state = context.state
    before, state.stage = state.stage, stage
    state.stages[stage] = state.stages.get(stage, 0) + 1
    state.quiet_until = None
    context.wake(context.now)
    changed = StageChanged(
        key=key(state.lead, "stage", stage, state.stages[stage]),
        lead=state.lead,
        at=context.now,
        because=(because,),
        before=before,
        after=stage,
    )
    context.effects.append(changed)
    if stage not in WORKED:
        state.attempts, state.first_attempt = 0, None
    if stage not in _OURS_TO_NURTURE:
        state.held, state.qualified = None, False
    if stage in ("recycled", "customer", "suppressed"):
        sla_clocks.stop_all(context)
        plays.answered(context)
    if stage != "recycled" or state.recycle_reason:
        state.unexplained = None
    if stage == "recycled":
        state.paused = None
    else:
        state.recycle_reason = None if stage != "suppressed" else state.recycle_reason
    if stage != "suppressed":
        sla_clocks.start(context, changed.key, stage=stage)


def announce(context: Context, because: str, *, why: str = "") -> None:
    """Become an MQL: the stage, its clocks, the handoff [rules: clocks] [rules: handoff].

    `why` is how the handoff's tasks put the reason.
    """
    state = context.state
    state.cycle += 1
    state.attempts, state.first_attempt = 0, None
    state.returned, state.returned_by = None, ""
    state.handed = context.now
    left = state.stage
    enter(context, "mql", because)
    if state.deferral is not None and context.deferred:
        state.deferral.handoff = because  # by whatever a person chose in the CRM: the task waits
    else:
        plays.begin(context, context.playbook.handoff.play, because, why=why, before=last_time(context))
    profiling.begin(context)
    if move := track_routing.on_stage(context, "mql", left):
        track_routing.follow(context, move)
