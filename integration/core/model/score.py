"""A lead's engagement score as decay needs it: part of its state."""

from dataclasses import dataclass, field

from mappings.values.instant import Instant


@dataclass(slots=True, kw_only=True)
class Ending:
    """Points of one activity that end whole at an instant: as many as they are of the score's `base`."""

    at: Instant
    rule: str
    activity: str
    points: int


@dataclass(slots=True, kw_only=True)
class Bucket:
    """Points that decay month by month: what they lose each month, months passed, what remains.

    `ends` is when what remains ends whole, None for what decay alone takes.
    """

    at: Instant
    loss: int
    months: int
    left: int
    ends: Instant | None = None
    rule: str = ""
    activity: str = ""


@dataclass(slots=True, kw_only=True)
class Score:
    """Engagement as decay needs it: `value` counts now, `base` stood at `since`, `step` steps or days have passed.

    `anchor` is the day of the half-life's grid on which `base` was taken.
    """

    value: int = 0
    base: int = 0
    since: Instant | None = None
    step: int = 0
    anchor: int = 0
    buckets: list[Bucket] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    """What ends whole, by when; under monthly decay each bucket says so itself."""
