"""Spending: whether a call may be made now, asked before every one of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from connectors.base.limits import Usage
from mappings.values.instant import HOUR, Span

Pool: TypeAlias = Literal["", "search"]
"""What a call counts towards beside the day: the connection's window, or that of its searches."""

BUDGET = "DAILY_BUDGET"
"""The day's calls are spent, but for those that are kept for people."""
RESERVE = "DAILY_RESERVE"
"""So is the part of the reserve that we use for what people wait for."""
WINDOW = "SHARED_WINDOW"
"""The workers of this connection have used up its window together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A call that was not made, since nothing is left for it: ours, not the CRM's, is the word of it."""

    code: str
    reason: str
    wait: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """What a CRM's replies do not say of its limits.

    `ask_again` is how long to wait before looking whether the day has turned; `searches` is the window of its searches,
    where they have one of their own.
    """

    ask_again: Span = HOUR
    searches: Usage | None = None


class Allowance(Protocol):
    """The calls that one connection may make, shared with whoever else calls it."""

    def spend(self, pool: Pool, *, people: bool) -> Withheld | None:
        """Take one call, waiting a little where that helps; `people` wait for what it does."""

    def record_usage(self, usage: Usage) -> None:
        """The CRM has just said this about its limits."""


class Purse:
    """What a session spends: from an allowance, or (None) as it likes."""

    def __init__(self, allowance: Allowance | None = None) -> None:
        self._allowance = allowance
        self._people = False
        self.usage = Usage()

    @contextmanager
    def for_people(self) -> Iterator[None]:
        """What is called within is what people wait for."""
        before, self._people = self._people, True
        try:
            yield
        finally:
            self._people = before

    def spend(self, pool: Pool = "") -> Withheld | None:
        """Take one call."""
        return None if self._allowance is None else self._allowance.spend(pool, people=self._people)

    def record_usage(self, usage: Usage) -> None:
        """Keep what a reply said; one that says nothing leaves the same usage."""
        if usage is self.usage:
            return
        self.usage = usage
        if self._allowance is not None:
            self._allowance.record_usage(usage)
