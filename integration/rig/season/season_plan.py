"""The plan of a season, and the simulated clock on which all of it happens: people, both CRMs and the service."""

from dataclasses import dataclass

from mappings.values.instant import HOUR, SECOND, Instant, Span, parse

START = parse("2026-01-05T00:00:00Z")
"""A Monday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large a season is, by which playbook it goes, and the seed of all chance.

    `step` is how far apart two moments lie at which the service works while anybody in sales is at work, `quiet` how
    far at other times. Leads act at any time between them, and so does sales.
    """

    leads: int
    sdrs: int
    days: int
    seed: int
    playbook: str = "standard"
    step: Span = HOUR
    quiet: Span = 6 * HOUR
    faults: bool = True


class SeasonClock:
    """A clock that stands until somebody moves it. Whoever sleeps moves it, by as long as they sleep."""

    def __init__(self, now: Instant = START) -> None:
        self._now = now

    def __call__(self) -> Instant:
        """The time it is."""
        return self._now

    def to(self, at: Instant) -> None:
        """Go forward to an instant; never back."""
        self._now = max(self._now, at)

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._now += round(seconds * SECOND)

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return self._now / SECOND

    def milliseconds(self) -> int:
        """As the vendors count."""
        return self._now // 1_000
