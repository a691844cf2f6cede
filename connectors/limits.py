"""The arithmetic of batches and rates. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mappings.instant import Span

T = TypeVar("T")

SCARCE = 10
"""Spacing begins when less than one in this many calls of the window is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a CRM last said about its limits; None where it has not said."""

    window: Span | None = None
    window_limit: int | None = None
    window_remaining: int | None = None
    daily_limit: int | None = None
    daily_remaining: int | None = None


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, `size` at a time; ValueError for a size below one."""
    if size < 1:
        msg = f"a batch holds at least one record, not {size}"
        raise ValueError(msg)
    for start in range(0, len(items), size):
        yield items[start : start + size]


def spacing(usage: Usage) -> Span:
    """How long to wait before the next call: nothing while calls are plenty, the whole window when none is left."""
    if usage.window is None or not usage.window_limit or usage.window_remaining is None:
        return 0
    if usage.window_remaining * SCARCE > usage.window_limit:
        return 0
    return usage.window // (max(usage.window_remaining, 0) + 1)


def spare(usage: Usage, *, reserve: float) -> int | None:
    """Calls left today beyond the part (0 to 1) that is kept for people; None where the CRM has not said."""
    if usage.daily_limit is None or usage.daily_remaining is None:
        return None
    return max(0, usage.daily_remaining - int(usage.daily_limit * reserve))
