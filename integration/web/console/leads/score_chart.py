"""The chart of a score over time: the lines and marks of an SVG, and the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from integration.core.rules.scoring_rules import POINT
from integration.playbook.explaining.chronicle import Entry
from integration.playbook.language.amounts import amount
from mappings.values.instant import DAY, Instant

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 12, 24
_LOWEST_TOP = 10 * POINT
_MOST_MARKS = 120


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of the line at which something moved the score, and what."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A value of the score's axis, and how high it stands."""

    y: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChart:
    """An SVG of `WIDTH` x `HEIGHT`: the line's path, its marks, its axis, and when it begins and ends."""

    path: str
    marks: Sequence[Mark]
    ticks: Sequence[Tick]
    begins: Instant
    ends: Instant
    words: str


def score_chart(ledger: Sequence[Entry], at: Instant) -> ScoreChart | None:
    """The whole score (fit and engagement) from the first line of the ledger to `at`; None where nothing gave points.

    What goes by and by (decay of several days) is a slope, everything else a step.
    """
    if not ledger:
        return None
    points = _points(ledger)
    begins, ends = points[0][0], max(at, points[0][0] + DAY)
    highest = max(_LOWEST_TOP, *(value for _, value in points))
    across = (WIDTH - LEFT - RIGHT) / (ends - begins)
    down = (HEIGHT - TOP - BOTTOM) / highest

    def x(moment: Instant) -> float:
        return round(LEFT + (moment - begins) * across, 1)

    def y(value: int) -> float:
        return round(HEIGHT - BOTTOM - max(value, 0) * down, 1)

    line = " L".join(f"{x(moment)} {y(value)}" for moment, value in [*points, (ends, points[-1][1])])
    marks = [Mark(x(each.until), y(value), each.words) for each, value in _sums(ledger)]
    return ScoreChart(
        path=f"M{line}",
        marks=marks[-_MOST_MARKS:],
        ticks=[Tick(y(value), amount(value)) for value in (0, _round(highest // 2), _round(highest))],
        begins=begins,
        ends=ends,
        words=_words(ledger),
    )


def _sums(ledger: Sequence[Entry]) -> list[tuple[Entry, int]]:
    """Each line with the score behind it."""
    value, found = 0, []
    for each in ledger:
        value += each.points
        found.append((each, value))
    return found


def _points(ledger: Sequence[Entry]) -> list[tuple[Instant, int]]:
    """The corners of the line."""
    found: list[tuple[Instant, int]] = []
    value = 0
    for each, after in _sums(ledger):
        found += [(each.at, value), (each.until, after)]
        value = after
    return found


def _round(value: int) -> int:
    """A value of the axis, in whole points."""
    return value // POINT * POINT


def _words(ledger: Sequence[Entry]) -> str:
    """What the chart shows, in a sentence."""
    sums = _sums(ledger)
    highest = max(value for _, value in sums)
    lines = "line" if len(sums) == 1 else "lines"
    return (
        f"The score rises and falls by {len(sums)} {lines} of the ledger: its highest is {amount(highest)}, "
        f"its last {amount(sums[-1][1])}. The ledger below has every line."
    )
