"""Tracks: entering, touches along the way, leaving. A lead is on one track at a time, or on none."""

from dataclasses import dataclass

from integration.core.compiled.context import NEVER, Context
from integration.core.model.effect_keys import key
from integration.core.model.effects import TrackChanged
from integration.core.model.state import Stay
from integration.core.nurture import touch_tasks, touches
from integration.core.rules.automation_rules import Slower, Touch
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where a lead goes next, and why; `own` if it leaves its track by one of the track's exits."""

    to: str
    because: str
    own: bool = False


def go(context: Context, to: str, because: str, *, own: bool = False) -> bool:
    """Move to another track ("" for none); its first touch falls due as the track says. False if already there."""
    state = context.state
    before = state.stay.track if state.stay else ""
    if to and context.table.tracks[to].track.once and state.stays.get(to) and to != before:
        to = ""
    if to == before:
        return False
    if own and before and before not in state.barred:
        state.barred.append(before)
    state.stay = None
    state.stays[to] = state.stays.get(to, 0) + 1
    if to:
        state.stay = Stay(track=to, since=context.now, times=state.stays[to])
        _plan(context, state.stay)
        context.wake(context.now)
    context.effects.append(
        TrackChanged(
            key=key(state.lead, "track", context.table.root("track", to) or "none", state.stays[to]),
            lead=state.lead,
            at=context.now,
            because=(because,),
            before=before or None,
            after=to or None,
        )
    )
    return True


def _plan(context: Context, stay: Stay) -> None:
    """Plan the next touch: the next offset, else the next beat of the rhythm; None when there is none."""
    track = context.table.tracks[stay.track].track
    if stay.step < len(track.offsets):
        stay.planned = stay.since + track.offsets[stay.step].after
        return
    number = max(stay.rhythm, 0)
    while number < len(track.rhythms):
        rhythm = track.rhythms[number]
        if number != stay.rhythm:
            stay.rhythm, stay.turn = number, 0
        planned = stay.since if stay.last is None else stay.last + rhythm.every
        fits = not rhythm.until or planned <= stay.since + rhythm.until
        if rhythm.touches and fits and (rhythm.repeat or stay.turn < len(rhythm.touches)):
            stay.planned = planned
            return
        number += 1
    stay.planned = None


def touch_due(context: Context) -> Instant:
    """When the next touch (or task) of the track may go; NEVER without one."""
    stay = context.state.stay
    if stay is None or stay.planned is None:
        return NEVER
    touch = _touch(context, stay)
    if touch.task is not None:
        return context.not_deferred(stay.planned)
    return touches.allowed(context, planned(context), touch.content)


def planned(context: Context) -> Instant:
    """When the next touch is planned, later where the last e-mails were left unopened; NEVER without one."""
    stay = context.state.stay
    if stay is None or stay.planned is None:
        return NEVER
    slower = pace(context)
    return stay.planned if slower is None else max(stay.planned, (stay.sent or stay.since) + slower.every)


def pace(context: Context) -> Slower | None:
    """What slows the present track down, or ends its touches, since so many e-mails in a row were left unopened."""
    stay = context.state.stay
    if stay is None or not (rules := context.table.tracks[stay.track].track.slower):
        return None
    return next((each for each in reversed(rules) if stay.unopened >= each.unopened), None)


def end(context: Context) -> bool:
    """End the track's touches where the next one does not go any more; whether it did."""
    stay, slower = context.state.stay, pace(context)
    if stay is None or stay.planned is None or slower is None or not slower.ends:
        return False
    if _touch(context, stay).task is not None:
        return False
    stay.planned = None
    return True


def _touch(context: Context, stay: Stay) -> Touch:
    track = context.table.tracks[stay.track].track
    if stay.step < len(track.offsets):
        return track.offsets[stay.step].touch
    rhythm = track.rhythms[stay.rhythm]
    return rhythm.touches[stay.turn % len(rhythm.touches)]


def next_content(context: Context) -> str:
    """What the next touch of the track is about; "" where there is none, or where it is a task of sales."""
    stay = context.state.stay
    if stay is None or stay.planned is None:
        return ""
    touch = _touch(context, stay)
    return "" if touch.task is not None else touch.content


def stay_name(stay: Stay) -> str:
    """Which stay on which track a touch belongs to."""
    return f"{stay.track}/{stay.times}"


def unopened(context: Context) -> Move | None:
    """The way off, if too many touches in a row were left unopened by the time the next one would go."""
    stay = context.state.stay
    if stay is None or not context.table.tracks[stay.track].unopened:
        return None
    count = touches.unopened(context, stay_name(stay))
    for each in context.table.tracks[stay.track].exits:
        wanted = each.exit.unopened
        if wanted and count >= wanted and each.check(context):
            return Move(to=each.exit.to, because=f"{wanted} touches in a row unopened", own=True)
    return None


def send(context: Context) -> None:
    """Let the next touch of the track go."""
    stay = context.state.stay
    if stay is None or stay.planned is None:
        return
    plan = context.table.tracks[stay.track]
    touch, number = _touch(context, stay), stay.step + 1
    touch_key = key(context.state.lead, "touch", context.table.root("track", stay.track), stay.times, number)
    because = f"touch {number} of track {plan.name_words}"
    if touch.task is None and planned(context) > stay.planned and (slower := pace(context)):
        because += f", later since {slower.unopened} in a row were left unopened"
    if touch.task is None:
        touches.send(
            context,
            key=touch_key,
            track=stay.track,
            step=number,
            content=touch.content,
            because=because,
            stay=stay_name(stay),
        )
    else:
        called = plan.name_words
        touch_tasks.want(
            context, touch.task, key=touch_key, track=stay.track, number=number, called=called, because=because
        )
    stay.last, stay.sent = stay.planned, context.now
    offsets = len(plan.track.offsets)
    if stay.step >= offsets:
        stay.turn += 1
        _skip_missed(context, stay)
    stay.step += 1
    _plan(context, stay)


def _skip_missed(context: Context, stay: Stay) -> None:
    """Touches of a rhythm that fell due while touches had to wait are not made up for."""
    every = context.table.tracks[stay.track].track.rhythms[stay.rhythm].every
    if stay.last is not None and every and context.now - stay.last >= every:
        stay.last += (context.now - stay.last) // every * every
