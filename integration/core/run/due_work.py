"""Due work: what happens to a lead by the passing of time, in order of time. Idle leads cost nothing."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from integration.core.compiled.context import NEVER, Fold
from integration.core.funnel import stages, suppression, triggers
from integration.core.handoff import plays, sla_clocks
from integration.core.model.effect_keys import mark
from integration.core.model.state import Waiting
from integration.core.nurture import touches, track_routing, tracks
from integration.core.rules.automation_rules import SUPPRESSED, Clock
from integration.core.scoring import decay, scores
from mappings.values.instant import Instant

_Work: TypeAlias = Callable[[Fold], None]


def next_due(fold: Fold) -> Instant | None:
    """When something will next happen to the lead by itself, None if nothing will."""
    at, _ = _soonest(fold)
    return at if at < NEVER else None


def pass_time(fold: Fold, until: Instant, settle: _Work) -> None:
    """Do what falls due up to and including `until`, each at its own instant.

    Whoever asks for an idleness is asked as its instant is reached, whatever else falls due then (often decay). A touch
    changes nothing that a condition reads, so that nothing follows from it unless it was the track's last.
    """
    if fold.horizon > until:
        return
    fold.forget()
    state, spans = fold.state, fold.table.idle_spans
    at, work = _soonest(fold)
    while at <= until:
        reached = at > fold.now
        if reached:
            fold.now = at
        place = mark(fold.now)
        if state.watermark is None or place > state.watermark:
            state.watermark = place
        work(fold)
        if reached and spans and work is not _idled:
            _idled(fold)
        if work is not _track_touch or state.stay is None or state.stay.planned is None:
            settle(fold)
        at, work = _soonest(fold)
    fold.horizon = at


def _soonest(fold: Fold) -> tuple[Instant, _Work]:
    """What falls due next, and when; of equals, what stands first here."""
    state, engagement = fold.state, fold.playbook.engagement
    soonest: Instant = NEVER
    work: _Work = _nothing
    if engagement is not None and (falls := decay.due(state.score, engagement.decay)) is not None:
        soonest, work = falls, scores.step
    if state.born is None or state.stage == "suppressed":
        return soonest, work
    if state.clocks:
        soonest, work = _clocks(fold, soonest, work)
    if fold.table.idle_spans and (at := _idle(fold)) < soonest:
        soonest, work = at, _idled
    if (state.then or state.first_attempt is not None) and (at := _waited(fold)) < soonest:
        soonest, work = at, _nothing
    stay = state.stay
    if stay is not None and fold.table.tracks[stay.track].timed and (at := track_routing.timed_exits(fold)) < soonest:
        soonest, work = at, _nothing
    if state.waiting:
        at, waiting = touches.next_waiting(fold)
        if at < soonest:
            soonest, work = at, partial(_send_waiting, waiting)
    if stay is not None and stay.planned is not None and (at := tracks.touch_due(fold)) < soonest:
        soonest, work = at, _track_touch
    return soonest, work


def _clocks(fold: Fold, soonest: Instant, work: _Work) -> tuple[Instant, _Work]:
    for clock in fold.playbook.clocks:
        rings = sla_clocks.due(fold, clock)
        if rings is not None and rings < soonest:
            soonest, work = rings, partial(_ring, clock)
    return soonest, work


def _waited(fold: Fold) -> Instant:
    """When nobody has been reached for long enough, or the first move is over."""
    return min(stages.unreached_due(fold), _afterwards(fold) if fold.state.then else NEVER)


def _ring(clock: Clock, fold: Fold) -> None:
    sla_clocks.ring(fold, clock)


def _send_waiting(waiting: Waiting, fold: Fold) -> None:
    touches.send_waiting(fold, waiting)


def _nothing(_: Fold) -> None:
    """Nothing but the time itself is due: the rules are evaluated again."""


def _idle(fold: Fold) -> Instant:
    """The next instant at which the lead will have been idle for as long as somebody asks."""
    since = fold.state.scored or fold.state.born
    if since is not None:
        for span in fold.table.idle_spans:
            if since + span > fold.now:
                return since + span
    return NEVER


def _idled(fold: Fold) -> None:
    since = fold.state.scored or fold.state.born
    if since is None or fold.now - since not in fold.table.idle_spans:
        return
    triggers.idle(fold)
    if move := track_routing.on_idleness(fold):
        track_routing.follow(fold, move)


def _afterwards(fold: Fold) -> Instant:
    """When the play of the first move will no longer count as open."""
    opening = fold.state.plays.get(fold.state.then_play)
    if opening is None or not plays.is_open(fold, fold.state.then_play):
        return NEVER
    return opening.until


def _track_touch(fold: Fold) -> None:
    move = tracks.unopened(fold)
    if move is not None and move.to == SUPPRESSED:
        suppression.silence(fold, "track", move.because)
    elif move is None or not track_routing.follow(fold, move):
        tracks.send(fold)
