"""Decay: what is left of engagement while nothing happens. Whole thousandths, rounded down, exact."""

from functools import lru_cache

from integration.core.model.score import Bucket, Score
from integration.core.rules.scoring_rules import Decay, HalfLife, IdleSteps, Monthly
from mappings.values.instant import DAY, Instant

_SCALE = 64
_BUCKETS = 400
"""Monthly decay keeps at most so many activities apart; beyond it the two oldest are one."""


def due(score: Score, decay: Decay | None) -> Instant | None:
    """When engagement will next decay, None if it will not."""
    since = score.since
    if since is None or decay is None:
        return None
    if isinstance(decay, IdleSteps):
        steps = decay.steps
        return since + steps[score.step].after if score.base and score.step < len(steps) else None
    if isinstance(decay, HalfLife):
        return since + (score.step + 1) * DAY if score.value > decay.floor else None
    if decay.floor and score.value <= decay.floor:
        return None
    return min((each.at + (each.months + 1) * decay.month for each in score.buckets), default=None)


def decayed(score: Score, decay: Decay, at: Instant) -> int:
    """Take the decay step that falls due at `at`; the new value. Steps do not compound [two-axis: decay]."""
    if isinstance(decay, Monthly):
        _month_passed(score.buckets, decay, at)
        score.value = sum(each.left for each in score.buckets)
        return score.value
    base, step = score.base, score.step
    score.step = step + 1
    if isinstance(decay, IdleSteps):
        left = base * decay.steps[step].keep // 1_000
    else:
        left = halved(base, step + 1 - score.anchor, decay.days)
    score.value = left = max(left, min(base, decay.floor)) if decay.floor else left
    return left


def standing(score: Score, decay: Decay | None) -> int:
    """What the base comes to now: what is kept after the steps, or the days, that have passed; the floor at least."""
    base = score.base
    if isinstance(decay, IdleSteps) and score.step:
        left = kept(base, decay.steps[score.step - 1].keep)
    elif isinstance(decay, HalfLife):
        left = halved(base, score.step - score.anchor, decay.days)
    else:
        return base
    return max(left, min(base, decay.floor)) if decay.floor else left


def kept(base: int, keep: int) -> int:
    """So many thousandths of a base."""
    return base * keep // 1_000


def halved(base: int, days: int, half_life: int) -> int:
    """What is left of a base after whole days: exact halves at whole half-lives."""
    halvings, rest = divmod(days, half_life)
    return (base * _factors(half_life)[rest]) >> (_SCALE + halvings)


@lru_cache(maxsize=64)
def _factors(half_life: int) -> tuple[int, ...]:
    """2^(-n/half_life) for n below half_life, in 64-bit fixed point rounded down, by integers alone."""
    return tuple(_root(1 << (_SCALE * half_life - n), half_life) for n in range(half_life))


def _root(number: int, degree: int) -> int:
    """The whole part of a root, by bisection."""
    low, high = 0, 1 << (_SCALE + 1)
    while high - low > 1:
        middle = (low + high) // 2
        if middle**degree <= number:
            low = middle
        else:
            high = middle
    return low


def _month_passed(buckets: list[Bucket], decay: Monthly, at: Instant) -> None:
    """Take a month's share of each activity whose month is over, the oldest first, as far as the floor lets it go."""
    spare = sum(each.left for each in buckets) - decay.floor
    for bucket in buckets:
        if bucket.at + (bucket.months + 1) * decay.month == at:
            bucket.months += 1
            share = bucket.left if bucket.months * decay.share >= 1_000 else min(bucket.left, bucket.loss)  # noqa: PLR2004 - thousandths
            taken = min(share, max(0, spare))
            bucket.left -= taken
            spare -= taken
    buckets[:] = [bucket for bucket in buckets if bucket.left]


def go_on(buckets: list[Bucket], decay: Monthly, at: Instant) -> None:
    """Let the months pass that took nothing, because the score stood no higher than the floor."""
    for bucket in buckets:
        bucket.months = max(bucket.months, (at - bucket.at) // decay.month)


def put(buckets: list[Bucket], decay: Monthly, at: Instant, points: int) -> None:
    """Take an activity's points into the monthly account; negative ones use up the newest first."""
    if points > 0:
        buckets.append(Bucket(at=at, loss=-(-points * decay.share // 1_000), months=0, left=points))
        if len(buckets) > _BUCKETS:
            first, second = buckets[0], buckets[1]
            first.loss, first.left = first.loss + second.loss, first.left + second.left
            first.ends = None if first.ends is None or second.ends is None else max(first.ends, second.ends)
            del buckets[1]
        return
    owed = -points
    while owed and buckets:
        taken = min(owed, buckets[-1].left)
        buckets[-1].left -= taken
        owed -= taken
        if not buckets[-1].left:
            buckets.pop()
