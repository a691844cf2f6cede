"""Expiry: the points of one activity end whole after their rule's span, as far as decay has left them.

Whole thousandths of a point; each activity apart, up to `_ENDINGS` of a lead.
"""

from bisect import insort
from collections.abc import Iterator

from integration.core.model.score import Ending, Score
from integration.core.rules.scoring_rules import Decay, Monthly
from integration.core.scoring import decay
from mappings.values.instant import Instant

_ENDINGS = 200
"""So many activities' points end apart; beyond it the two that end first end together, at the later time."""


def due(score: Score) -> Instant | None:
    """When the points of some activity will next end, None if none will."""
    if score.endings:
        return score.endings[0].at
    return min((each.ends for each in score.buckets if each.ends is not None), default=None)


def note(score: Score, how: Decay | None, new: Ending) -> None:
    """Note points that were just added, and when they end: what the cap took of them is gone already."""
    if isinstance(how, Monthly):
        newest = score.buckets[-1]
        newest.ends, newest.rule, newest.activity = new.at, new.rule, new.activity
        return
    endings = score.endings
    insort(endings, new, key=lambda each: each.at)
    if len(endings) > _ENDINGS:
        first, second = endings[0], endings[1]
        second.points += first.points
        del endings[0]


def rescale(endings: list[Ending], before: int, after: int) -> None:
    """Follow a base that decay has made smaller: each activity keeps the same share of it.

    Rounded down along the row, so that where all of a base ends, nothing of it is left over.
    """
    if before in (0, after):
        return
    passed = kept = 0
    for each in endings:
        passed += each.points
        share = passed * after // before
        each.points, kept = share - kept, share
    endings[:] = [each for each in endings if each.points]


def end(score: Score, how: Decay | None, at: Instant) -> Iterator[tuple[str, str, int]]:
    """End the points whose time has come: (rule, activity, what engagement loses by it), one after the other."""
    if isinstance(how, Monthly):
        over = [each for each in score.buckets if each.ends is not None and each.ends <= at]
        score.buckets[:] = [each for each in score.buckets if each.ends is None or each.ends > at]
        for each in over:
            score.value -= each.left
            yield each.rule, each.activity, each.left
        return
    while score.endings and score.endings[0].at <= at:
        over_now, before = score.endings.pop(0), score.value
        score.base = max(0, score.base - over_now.points)
        score.value = decay.standing(score, how)
        yield over_now.rule, over_now.activity, before - score.value
