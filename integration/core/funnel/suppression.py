"""Suppression: no touch and no task until the person resubscribes [rules: stages].

What happened before a resubscription opens no gate, and the stage does not come back with it: a lead whom sales had
before is recycled, any other an inquiry. Whatever sales does meanwhile moves no stage; a stage that a person chooses
in the CRM meanwhile is the lead's once the silence ends.
"""

from integration.core.compiled.context import Fold
from integration.core.funnel import stages
from integration.core.nurture import profiling, track_routing, tracks

_HAD = ("sal", "sql", "customer", "recycled")
"""Stages that only somebody comes to whom sales has had."""
REASONS = ("asked", "flag", "hand", "track")
"""Why somebody is left alone: they asked, a field of the CRM says so, a person chose it, a track came to its end."""


def silence(fold: Fold, why: str, because: str) -> None:
    """No touch and no task ever again, until the person resubscribes."""
    state = fold.state
    if why not in state.silenced:
        state.silenced.append(why)
    if fold.silent:
        return
    state.chosen = ""
    tracks.go(fold, "", because)
    profiling.stop(fold)
    state.waiting.clear()
    state.then = state.then_play = ""
    stages.enter(fold, "suppressed", because)


def speak(fold: Fold, why: str, because: str) -> None:
    """One reason for silence has gone; with the last one the lead is to be nurtured again."""
    state = fold.state
    if why in state.silenced:
        state.silenced.remove(why)
    if not fold.silent or state.silenced:
        return
    if state.chosen:
        chosen, state.chosen = state.chosen, ""
        choose(fold, chosen, because)
        return
    stages.starts_anew(fold)
    if any(state.stages.get(stage) for stage in _HAD):
        _come_back(fold, because)
    else:
        stages.enter(fold, "inquiry", because)
    default = next((move for move in fold.playbook.first_moves if not move.sources), None)
    if state.stay is None and default is not None:
        state.then = default.then or default.track


def _come_back(fold: Fold, because: str) -> None:
    """Return to recycled, for the reason that sales gave if it did; a `hold` that runs goes on."""
    state = fold.state
    stages.enter(fold, "recycled", because)
    route = stages.way_back(fold, state.recycle_reason, "suppressed", lost=False)
    if route is not None and route.track:
        tracks.go(fold, route.track, because)
    elif move := track_routing.on_stage(fold, "recycled", "suppressed"):
        track_routing.follow(fold, move)


def choose(fold: Fold, stage: str, because: str) -> None:
    """Take over a stage that a person chose in the CRM, whatever the score. A handoff follows where it is `mql`."""
    state = fold.state
    if stage == "suppressed":
        silence(fold, "hand", because)
    elif fold.silent and state.silenced:
        state.chosen = stage
        speak(fold, "hand", because)
    elif stage == state.stage:
        return
    elif stage == "recycled":
        stages.recycle(fold, None, because)
    elif stage == "mql":
        stages.announce(fold, because)
    else:
        if stage == "inquiry":
            stages.starts_anew(fold)
        stages.come_to(fold, stage, because)
