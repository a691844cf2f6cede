"""Suppression: no touch and no task until the person resubscribes [rules: stages].

What happened before a resubscription opens no gate, and the stage does not come back with it: a lead whom sales had
before is recycled, any other an inquiry. Whatever sales does meanwhile moves no stage; a stage that a person chooses
in the CRM meanwhile is the lead's once the silence ends.
"""

from integration.core.compiled.context import Context
from integration.core.funnel import missing_reasons, stages
from integration.core.model.given_back import GivenBack
from integration.core.nurture import profiling, track_routing, tracks

_HAD = ("sal", "sql", "customer", "recycled")
"""Stages that only somebody comes to whom sales has had."""
REASONS = ("asked", "flag", "hand", "here", "track")
"""Why somebody is left alone: they asked, a field of the CRM says so, a person chose it there or in Coldframe, a track
came to its end."""


def silence(context: Context, why: str, because: str) -> None:
    """No touch and no task ever again, until the person resubscribes."""
    state = context.state
    if why not in state.silenced:
        state.silenced.append(why)
    if context.silent:
        return
    state.chosen = ""
    tracks.go(context, "", because)
    profiling.stop(context)
    state.waiting.clear()
    state.then = state.then_play = ""
    stages.enter(context, "suppressed", because)


def lift(context: Context, why: str, because: str) -> None:
    """One reason for silence has gone; with the last one the lead is to be nurtured again."""
    state = context.state
    if why in state.silenced:
        state.silenced.remove(why)
    if not context.silent or state.silenced:
        return
    if state.chosen:
        chosen, state.chosen = state.chosen, ""
        choose(context, chosen, because)
        return
    stages.starts_anew(context)
    if any(state.stages.get(stage) for stage in _HAD):
        _come_back(context, because)
    else:
        stages.enter(context, "inquiry", because)
    default = next((move for move in context.playbook.first_moves if not move.sources), None)
    if state.stay is None and default is not None:
        state.then = default.then or default.track


def _come_back(context: Context, because: str) -> None:
    """Return to recycled, for the reason that sales gave if it did; a `hold` that runs goes on."""
    state = context.state
    stages.enter(context, "recycled", because)
    route = stages.way_back(context, state.recycle_reason, "suppressed", lost=False)
    if route is not None and route.track:
        tracks.go(context, route.track, because)
    elif move := track_routing.on_stage(context, "recycled", "suppressed"):
        track_routing.follow(context, move)


def choose(context: Context, stage: str, because: str) -> None:
    """Take over a stage that a person chose in the CRM, whatever the score. A handoff follows where it is `mql`."""
    state = context.state
    if stage == "suppressed":
        silence(context, "hand", because)
    elif context.silent and state.silenced:
        state.chosen = stage
        lift(context, "hand", because)
    elif stage == state.stage:
        return
    elif stage == "recycled":
        _give_back(context, because)
    elif stage == "mql":
        stages.announce(context, because)
    else:
        if stage == "inquiry":
            stages.starts_anew(context)
        stages.come_to(context, stage, because)


def _give_back(context: Context, because: str) -> None:
    """Recycle a lead that a person gave back by its stage; where no reason stands there, who had it is asked."""
    left, given = context.state.stage, context.read("rejection_reason")
    reason = str(given) if given in context.playbook.vocabulary.reasons else ""
    stages.recycle(context, GivenBack(at=context.now, left=left, reason=reason), because)
    if left in stages.WORKED and not reason:
        missing_reasons.note(context, at_once=False)
