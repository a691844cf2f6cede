"""Upcoming: the touch that a lead gets next, and when it may go at the earliest."""

from collections.abc import Iterator

from integration.core.compiled import dates
from integration.core.compiled.context import NEVER, Context
from integration.core.handoff import sla_clocks
from integration.core.nurture import touches, tracks, unseen_first
from mappings.values.instant import Instant


def upcoming(context: Context) -> tuple[Instant | None, str | None]:
    """When, and which content (`proof_wall (retargeting)` where it is no e-mail).

    (None, None) for who is on no track, suppressed, or with sales for good. A step of a track of tasks is no touch.
    What pauses touches now may end sooner or later than it seems.
    """
    state = context.state
    if state.stage == "suppressed" or state.born is None:
        return None, None
    found: list[tuple[Instant, str]] = []
    if state.waiting:
        at, waiting = touches.next_waiting(context)
        found.append((at, waiting.content))
    content = tracks.next_content(context)
    if content:
        found.append((tracks.touch_due(context), content))
    found += _by_date(context)
    at, what = min(found, default=(NEVER, ""))
    if at >= NEVER:
        return None, None
    what = unseen_first.chosen(context, what)
    way = touches.channel(context, what)
    return at, what if way == "email" else f"{what} ({way.replace('_', ' ')})"


def _by_date(context: Context) -> Iterator[tuple[Instant, str]]:
    """The first touch of each trigger that waits for a date, where its condition holds as of now."""
    for when, plan in context.table.dated_triggers:
        at, play = dates.falls(context, when), context.table.plays.get(plan.trigger.play)
        if at is not None and at > context.now and play is not None and play.touches and plan.check(context):
            first = play.touches[0]
            yield touches.allowed(context, sla_clocks.falls(context, at, first.after), first.content), first.content
