"""Due work: what happens to a lead by the passing of time, in order of time. Idle leads cost nothing."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from integration.core.compiled import dates
from integration.core.compiled.context import NEVER, Context
from integration.core.funnel import by_hand, missing_reasons, stages, suppression, triggers, unanswered
from integration.core.handoff import plays, sla_clocks
from integration.core.model.effect_keys import mark
from integration.core.model.state import Waiting
from integration.core.nurture import touches, track_routing, tracks
from integration.core.rules.automation_rules import SUPPRESSED, Clock
from integration.core.scoring import decay, expiry, scores
from mappings.values.instant import Instant

_Work: TypeAlias = Callable[[Context], None]


def next_due(context: Context) -> Instant | None:
    """When something will next happen to the lead by itself, None if nothing will."""
    at, _ = _soonest(context)
    return at if at < NEVER else None


def pass_time(context: Context, until: Instant, settle: _Work) -> None:
    """Do what falls due up to and including `until`, each at its own instant.

    Whoever asks for an idleness or a date is asked as its instant is reached, whatever else falls due then. A touch
    changes nothing that a condition reads, so that nothing follows from it unless it was the track's last.
    """
    if context.horizon > until:
        return
    context.forget()
    state, asked = context.state, bool(context.table.idle_spans or context.table.dates)
    at, work = _soonest(context)
    while at <= until:
        reached = at > context.now
        if reached:
            context.now = at
        place = mark(context.now)
        if state.watermark is None or place > state.watermark:
            state.watermark = place
        work(context)
        if reached and asked and work is not _came:
            _came(context)
        if work is not _track_touch or state.stay is None or state.stay.planned is None:
            settle(context)
        at, work = _soonest(context)
    context.horizon = at


def _soonest(context: Context) -> tuple[Instant, _Work]:
    """What falls due next, and when; of equals, what stands first here."""
    state, engagement = context.state, context.playbook.engagement
    soonest: Instant = NEVER
    work: _Work = _nothing
    if engagement is not None and (falls := decay.due(state.score, engagement.decay)) is not None:
        soonest, work = falls, scores.step
    if context.table.expires and (ends := expiry.due(state.score)) is not None and ends < soonest:
        soonest, work = ends, scores.expire
    if state.born is None or state.stage == "suppressed":
        return soonest, work
    soonest, work = _owed(context, soonest, work)
    if (context.table.idle_spans or context.table.dates) and (
        at := min(_idle(context), dates.coming(context))
    ) < soonest:
        soonest, work = at, _came
    if (state.then or state.first_attempt is not None) and (at := _waited(context)) < soonest:
        soonest, work = at, _nothing
    stay = state.stay
    if (
        stay is not None
        and context.table.tracks[stay.track].timed
        and (at := track_routing.timed_exits(context)) < soonest
    ):
        soonest, work = at, _nothing
    if state.waiting:
        at, waiting = touches.next_waiting(context)
        if at < soonest:
            soonest, work = at, partial(_send_waiting, waiting)
    if stay is not None and stay.planned is not None and (at := tracks.touch_due(context)) < soonest:
        soonest, work = at, _track_touch
    return soonest, work


def _owed(context: Context, soonest: Instant, work: _Work) -> tuple[Instant, _Work]:
    """What sales owes an answer to: clocks, a reason that is missing, a handoff of which it has closed every task.

    None of it comes while a person holds the lead; the end of the hold comes first.
    """
    if (over := by_hand.ends_at(context.state)) is not None and over < soonest:
        soonest, work = over, by_hand.end_deferral
    if context.state.unexplained is not None:
        at = context.not_deferred(missing_reasons.asked_at(context))
        if at < soonest:
            soonest, work = at, missing_reasons.ask
    if unanswered.waits(context.state) and (at := context.not_deferred(unanswered.due(context))) < soonest:
        soonest, work = at, unanswered.give_back
    for clock in context.playbook.clocks if context.state.clocks else ():
        rings = sla_clocks.due(context, clock)
        if rings is not None and (rings := context.not_deferred(rings)) < soonest:
            soonest, work = rings, partial(_ring, clock)
    return soonest, work


def _waited(context: Context) -> Instant:
    """When nobody has been reached for long enough, or the first move is over."""
    return min(stages.unreached_due(context), _afterwards(context) if context.state.then else NEVER)


def _ring(clock: Clock, context: Context) -> None:
    sla_clocks.ring(context, clock)


def _send_waiting(waiting: Waiting, context: Context) -> None:
    touches.send_waiting(context, waiting)


def _nothing(_: Context) -> None:
    """Nothing but the time itself is due: the rules are evaluated again."""


def _idle(context: Context) -> Instant:
    """The next instant at which the lead will have been idle for as long as somebody asks."""
    since = context.state.scored or context.state.born
    if since is not None:
        for span in context.table.idle_spans:
            if since + span > context.now:
                return since + span
    return NEVER


def _came(context: Context) -> None:
    """An instant that somebody waits for: an idleness, or one by a date."""
    _idled(context)
    if context.table.dates:
        triggers.dated(context)
        if move := track_routing.on_date(context):
            track_routing.follow(context, move)


def _idled(context: Context) -> None:
    since = context.state.scored or context.state.born
    if since is None or context.now - since not in context.table.idle_spans:
        return
    triggers.idle(context)
    if move := track_routing.on_idleness(context):
        track_routing.follow(context, move)


def _afterwards(context: Context) -> Instant:
    """When the play of the first move will no longer count as open."""
    opening = context.state.plays.get(context.state.then_play)
    if opening is None or not plays.is_open(context, context.state.then_play):
        return NEVER
    return opening.until


def _track_touch(context: Context) -> None:
    move = tracks.unopened(context)
    if move is not None and move.to == SUPPRESSED:
        suppression.silence(context, "track", move.because)
    elif (move is None or not track_routing.follow(context, move)) and not tracks.end(context):
        tracks.send(context)
