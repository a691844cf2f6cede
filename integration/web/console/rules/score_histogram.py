"""The histogram of scores by the rules in force and by a draft's: the bars of an SVG, and the same in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 40
_GAP = 0.16
"""Of a group's width, what is left free beside its two bars."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, and what it says; `kind` is `before` or `after`."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word on an axis."""

    at: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreHistogram:
    """An SVG of `WIDTH` x `HEIGHT`: its bars in groups of two, the names of the groups, and the axis of counts."""

    bars: Sequence[Bar]
    groups: Sequence[Label]
    ticks: Sequence[Label]
    words: str


def score_histogram(scores: Sequence[Mapping[str, int]]) -> ScoreHistogram | None:
    """From counts by groups of scores (`from`, `to`, `before`, `after`); None where there is nobody."""
    most = max((max(each["before"], each["after"]) for each in scores), default=0)
    if not most:
        return None
    across, down = (WIDTH - LEFT - RIGHT) / len(scores), (HEIGHT - TOP - BOTTOM) / most
    bars, groups = [], []
    for place, each in enumerate(scores):
        begins, width = LEFT + place * across, across * (1 - _GAP) / 2
        called = f"{each['from']} to {each['to']}"
        groups.append(Label(round(begins + across / 2, 1), str(each["from"])))
        for number, kind in enumerate(("before", "after")):
            height = round(each[kind] * down, 1)
            x = round(begins + across * _GAP / 2 + number * width, 1)
            words = f"{called} points {'now' if kind == 'before' else 'by the draft'}: {each[kind]:,}"
            bars.append(Bar(kind, x, round(HEIGHT - BOTTOM - height, 1), round(width, 1), height, words))
    ticks = [Label(round(HEIGHT - BOTTOM - value * down, 1), f"{value:,}") for value in sorted({0, most // 2, most})]
    return ScoreHistogram(bars=bars, groups=groups, ticks=ticks, words=_words(scores))


def _words(scores: Sequence[Mapping[str, int]]) -> str:
    leads = sum(each["after"] for each in scores)
    moved = sum(abs(each["after"] - each["before"]) for each in scores) / 2
    return f"How many of {leads:,} leads have which score, now and by the draft: {moved:,.0f} differ."
