"""Limits: the arithmetic of batches and rates. Pure.

A CRM counts calls in a rolling window and in a day. Whoever calls sets a few calls aside first (a block), so that all
workers of a connection together stay within both; `Tally` is what they share.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from mappings.values.instant import SECOND, Instant, Span

T = TypeVar("T")

PARTS = 10
"""A block may be used for this part of the window; one part more allows for calls that are long under way."""
BLOCKS = 20
"""A block is this part of the window's calls: few enough commits, and little lost when it is not used up."""
UNTOLD: Span = 10 * SECOND
UNTOLD_BLOCK = 10
"""Window and block where a CRM states none, as Salesforce does."""
FOR_PEOPLE = 0.5
"""What people wait for may use this part of the day's reserve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a CRM last said about its limits; None where it has not said."""

    window: Span | None = None
    window_limit: int | None = None
    window_remaining: int | None = None
    daily_limit: int | None = None
    daily_remaining: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Calls that were set aside at a moment; `open` of them may not have been made yet."""

    at: Instant
    calls: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What all workers of one connection have asked of a CRM lately, and what it last said.

    `since` are the calls of the day that `usage` does not know of yet. `probed_at` is when the CRM was last asked
    although the day's budget was spent, to learn whether the day has turned.
    """

    usage: Usage = Usage()
    told_at: Instant = 0
    blocks: tuple[Block, ...] = ()
    since: int = 0
    probed_at: Instant = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What may be called now: `calls` of the block that begins `at`, within `span`; or none before `wait` is over.

    `spent` says that the day's budget is what is missing.
    """

    tally: Tally
    at: Instant
    calls: int = 0
    span: Span = 0
    wait: Span = 0
    spent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """What is left of a connection's calls: parts (0 to 1) of a window of `span` and of the day, `calls` of the day.

    A part is 1 where the CRM has stated no limit.
    """

    window: float = 1.0
    day: float = 1.0
    calls: int = 0
    span: Span = UNTOLD


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, `size` at a time; ValueError for a size below one."""
    if size < 1:
        msg = f"a batch holds at least one record, not {size}"
        raise ValueError(msg)
    for start in range(0, len(items), size):
        yield items[start : start + size]


def spare(usage: Usage, *, reserve: float) -> int | None:
    """Calls left today beyond the part (0 to 1) that is kept for people; None where the CRM has not said."""
    if usage.daily_limit is None or usage.daily_remaining is None:
        return None
    return max(0, usage.daily_remaining - int(usage.daily_limit * reserve))


def unused(tally: Tally, now: Instant, *, reserve: float) -> Unused:
    """What nobody has used of the window, and of the day beyond its reserve (see `spare`)."""
    usage, free, today = tally.usage, _free(tally, now), spare(tally.usage, reserve=reserve)
    left = max(0, (today or 0) - tally.since)
    for_us = max(1, int((usage.daily_limit or 0) * (1 - reserve)))
    return Unused(
        window=1.0 if free is None else min(1.0, max(0, free) / (usage.window_limit or 1)),
        day=1.0 if today is None else min(1.0, left / for_us),
        calls=left,
        span=usage.window or UNTOLD,
    )


def granted(tally: Tally, now: Instant, *, reserve: float, ask_again: Span) -> Grant:
    """The next block of calls, kept within the window and the day; `reserve` as for `spare`.

    With the day's budget spent, one call is granted every `ask_again`: its reply shows whether the day has turned.
    """
    span = tally.usage.window or UNTOLD
    part = span // PARTS
    # Blocks in the future are those of a clock that has been set back since.
    kept = tuple(block for block in tally.blocks if now - 2 * (span + part) < block.at < now + span)
    now = max([now, *(block.at + 1 for block in kept)])
    tally = replace(tally, blocks=kept, told_at=min(tally.told_at, now), probed_at=min(tally.probed_at, now))
    today = spare(tally.usage, reserve=reserve)
    left = None if today is None else today - tally.since
    probing = left is not None and left <= 0
    if probing:
        asked_at = max(tally.told_at, tally.probed_at)
        if now < asked_at + ask_again:
            return Grant(tally=tally, at=now, wait=asked_at + ask_again - now, spent=True)
        left, tally = 1, replace(tally, probed_at=now)
    most = tally.usage.window_limit
    free = _free(tally, now)
    if free is not None and free < 1:
        return Grant(tally=tally, at=now, wait=_wait(tally, now))
    block = UNTOLD_BLOCK if not most else max(1, most // BLOCKS)
    if not tally.told_at and not most:
        block = 1  # the first reply says more
    calls = min(one for one in (block, free, left) if one is not None)
    made = Block(at=now, calls=calls, open=calls)
    tally = replace(tally, blocks=(*tally.blocks, made), since=tally.since + calls)
    return Grant(tally=tally, at=now, calls=calls, span=part)


def settled(tally: Tally, at: Instant, unused: int) -> Tally:
    """Of the block of that moment this many calls have not been made; the others have been answered."""
    return replace(
        tally, blocks=tuple(replace(block, open=unused) if block.at == at else block for block in tally.blocks)
    )


def returned(tally: Tally, at: Instant, unused: int) -> Tally:
    """These calls of the block of that moment will not be made: they are there for others again."""
    blocks = tuple(
        replace(block, calls=block.calls - unused, open=0) if block.at == at else block for block in tally.blocks
    )
    return replace(tally, blocks=blocks, since=max(0, tally.since - unused))


def with_usage(tally: Tally, usage: Usage, at: Instant) -> Tally:
    """What the CRM said at that moment; of what is older than the last reply only calls that it knew more of count.

    Calls that others may still have been making then are not in it, and count on. Replies reach workers in another
    order than the CRM made them: see `_overtaken`.
    """
    known = tally.usage.daily_remaining
    if at < tally.told_at:
        if not _overtaken(tally, newer=known, older=usage.daily_remaining, at=at):
            return tally
        told, knew = usage.daily_remaining or 0, known or 0
        return replace(tally, usage=replace(tally.usage, daily_remaining=told), since=max(0, tally.since + told - knew))
    if _overtaken(tally, newer=usage.daily_remaining, older=known, at=tally.told_at):
        usage = replace(usage, daily_remaining=known)
    part = (usage.window or UNTOLD) // PARTS
    unknown = sum(block.open for block in tally.blocks if block.at > at - 2 * part)
    return replace(tally, usage=usage, told_at=at, since=unknown)


def _overtaken(tally: Tally, *, newer: int | None, older: int | None, at: Instant) -> bool:
    """Whether the reply that came first knew of more calls than the one after it, and so was made later by the CRM.

    `at` is when the one that came first came. More calls left than our own calls since then explain mean that the day
    has turned.
    """
    if newer is None or older is None:
        return False
    span = tally.usage.window or UNTOLD
    ours = sum(block.calls for block in tally.blocks if block.at > at - span)
    return 0 < newer - older <= ours


def _free(tally: Tally, now: Instant) -> int | None:
    """Calls of the window that nobody has taken; None where there is no window."""
    usage = tally.usage
    most, span = usage.window_limit, usage.window
    if not most or not span:
        return None
    reach = span + 2 * (span // PARTS)
    ours = sum(block.calls for block in tally.blocks if block.at > now - reach)
    return most - ours - _others(tally, now)


def _others(tally: Tally, now: Instant) -> int:
    """Calls of the window that somebody else made, as far as the last reply says."""
    usage = tally.usage
    if not usage.window_limit or not usage.window or usage.window_remaining is None:
        return 0
    if now >= tally.told_at + usage.window:
        return 0
    since = tally.told_at - usage.window
    ours = sum(block.calls for block in tally.blocks if since < block.at <= tally.told_at)
    return max(0, usage.window_limit - usage.window_remaining - ours)


def _wait(tally: Tally, now: Instant) -> Span:
    """How long until a call of the window is free."""
    span = tally.usage.window or UNTOLD
    reach = span + 2 * (span // PARTS)
    moments = sorted({tally.told_at + span, *(block.at + reach for block in tally.blocks)})
    return next((at - now for at in moments if at > now and (_free(tally, at) or 0) > 0), reach)
