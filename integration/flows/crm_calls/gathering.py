"""Gathering: when what waits for a CRM goes there: at once while calls are to spare, later while more is coming. Pure.

A call counts the same for one record as for a hundred. So what waits goes as soon as the connection is idle; what
comes while a call is under way goes together with the next one. While more is on its way from the stations before,
batches fill; near a limit, and where the day's calls are half spent, time passes between calls that are not full.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.base.limits import PARTS, Unused
from mappings.values.instant import DAY, Instant, Span

LONGEST = 30
"""How many times the ordinary limit a write may wait where calls are short."""
SETTLED: Span = 30_000
"""Rows that come within this time of each other go together, where they are many or follow many."""
_MANY = 8
"""From this part of a call on (an eighth), rows are many: they are not the trace of one event."""
_WORTH, _LEAST = 4, 20
"""A batch waits for others for the whole limit once it is a quarter of a call, and for a twentieth of it when it is one
row: rows that come more slowly than that do not fill calls, and are not worth the time."""
_HALF = 0.5
"""Up to this part of the window and of the day, calls are to spare."""


class Row(Protocol):
    """Something that waits for a call."""

    @property
    def since(self) -> Instant:
        """Since when it waits."""

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one call could carry now: so many rows of `room`, the oldest and the newest waiting since these moments.

    `awaited` says that somebody waits for one of them.
    """

    rows: int = 0
    room: int = 0
    oldest: Instant = 0
    newest: Instant = 0
    awaited: bool = False

    @classmethod
    def of(cls, rows: Sequence[Row], room: int) -> "Batch":
        """The batch that these rows make."""
        if not rows:
            return cls(room=room)
        return cls(
            rows=len(rows),
            room=room,
            oldest=min(row.since for row in rows),
            newest=max(row.since for row in rows),
            awaited=any(row.urgent for row in rows),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What goes on around a connection.

    `coming`: deliveries are being read or leads decided about, so that there may be more in a moment. `last` and `full`
    are when the last call ended, and the last one that carried many rows; 0 for none. `pause` is the least time between
    two calls that are not full (see `pause`).
    """

    coming: bool = False
    last: Instant = 0
    full: Instant = 0
    pause: Span = 0


def goes_at(batch: Batch, flow: Flow, *, linger: Span, now: Instant) -> Instant | None:
    """When the batch goes, if nothing more comes: `now` for at once, None where nothing waits.

    That is never later than the limit after the oldest of its rows began to wait: `linger`, or the pause between calls
    where that is longer. While more is on its way and calls are to spare, the limit grows with the batch. What somebody
    waits for, and what fills a call, goes at once.
    """
    if not batch.rows:
        return None
    limit = batch.oldest + max(linger, flow.pause)
    if batch.awaited or batch.rows >= batch.room or limit <= now:
        return now
    if flow.coming:
        worth = min(linger, max(linger // _LEAST, linger * batch.rows * _WORTH // batch.room))
        return limit if flow.pause else max(now, batch.oldest + worth)
    ready = flow.last + flow.pause if flow.last <= now else now  # a clock may have been set back
    flowing, much = flow.full <= now < flow.full + linger, many(batch.rows, batch.room)
    if flowing and much:
        return limit
    if flowing or much:
        ready = max(ready, batch.newest + SETTLED)
    return min(limit, max(now, ready))


def many(rows: int, room: int) -> bool:
    """Whether so many rows are the trace of a flow, and not of one event."""
    return rows * _MANY >= room


def pause(unused: Unused, linger: Span) -> Span:
    """The least time between two calls that are not full, by what is left of the window and of the day.

    None while at least half of both is left. Below that, the window's goes up to the time for which a block of calls
    is used; the day's is such that the calls that are left last for a day.
    """
    window = day = 0
    if unused.window < _HALF:
        window = round((1 - unused.window / _HALF) * unused.span / PARTS)
    if unused.day < _HALF:
        day = DAY // max(1, unused.calls)
    return min(max(window, day), LONGEST * linger)
