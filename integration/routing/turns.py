"""Turns: whose turn it is in a pool, by smooth weighted round robin over those who may get a task.

At each turn everybody who may gains credit by their share; whoever has most is chosen and pays for the turn. Somebody
who may not gains nothing, so that nobody makes up for an absence. Source: nginx, upstream round robin.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

ROUND = 1_000
"""Turns in which everybody gets exactly their share, if all are there: any 1,000 turns in a row contain it whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Who is chosen, and everybody's credit afterwards."""

    chosen: str
    credit: Mapping[str, int]


def shares(weights: Mapping[str, int]) -> dict[str, int]:
    """How many of 1,000 turns each has by their weight, as whole turns that add up; nobody has none.

    Each is within one of what the weight says, unless many weigh next to nothing beside the others.
    """
    total = sum(weights.values())
    whole = {name: max(1, weight * ROUND // total) for name, weight in weights.items()}

    def lacking(name: str) -> tuple[int, str]:
        return weights[name] * ROUND - whole[name] * total, name

    while whole and (missing := ROUND - sum(whole.values())):
        name = max(whole, key=lacking) if missing > 0 else min((each for each in whole if whole[each] > 1), key=lacking)
        whole[name] += 1 if missing > 0 else -1
    return whole


def turn(weights: Mapping[str, int], credit: Mapping[str, int], may: Collection[str]) -> Turn | None:
    """The next turn of a pool among those of its members who may get a task; None where nobody may.

    `credit` is what each had after the last turn, in thousandths of one; whoever is new to the pool has none. Of
    equals, the first by name.
    """
    each = _shares(tuple(sorted((name, weight) for name, weight in weights.items() if name in may)))
    if not each:
        return None
    after = {name: max(-ROUND, min(ROUND, credit.get(name, 0))) for name in weights}
    for name, share in each.items():
        after[name] += share
    chosen = max(each, key=lambda name: (after[name], each[name]))
    after[chosen] -= ROUND
    return Turn(chosen=chosen, credit=after)


@lru_cache(maxsize=1_000)
def _shares(weights: tuple[tuple[str, int], ...]) -> Mapping[str, int]:
    return shares(dict(weights))
