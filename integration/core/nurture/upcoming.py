"""Upcoming: the touch that a lead gets next, and when it may go at the earliest."""

from integration.core.compiled.context import NEVER, Context
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
    at, what = min(found, default=(NEVER, ""))
    if at >= NEVER:
        return None, None
    what = unseen_first.chosen(context, what)
    way = touches.channel(context, what)
    return at, what if way == "email" else f"{what} ({way.replace('_', ' ')})"
