"""Turns: whose turn it is in a pool, by smooth weighted round robin over those who may get a task.

At each turn everybody who may gains credit by their share; whoever has most is chosen and pays for the turn. Somebody
who may not gains nothing, so that nobody makes up for an absence. Source: nginx, upstream round robin.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

ROUND = 1_000
"""Turns in which everybody gets exactly their share, if all are there: any 1,000 turns in a row contain it whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Who is chosen, and everybody's credit afterwards."""

    chosen: str
    credit: Mapping[str, int]


def shares(weights: Mapping[str, int]) -> dict[str, int]:
    """How many of 1,000 turns each has by their weight: rounded, the largest remainders up, so that they add up.

    Where that would leave somebody without any turn, the weights themselves.
    """
    total = sum(weights.values())
    if not total:
        return {}
    whole = {name: weight * ROUND // total for name, weight in weights.items()}
    missing = ROUND - sum(whole.values())
    by_remainder = sorted(weights, key=lambda name: (-(weights[name] * ROUND % total), name))
    for name in by_remainder[:missing]:
        whole[name] += 1
    return whole if all(whole.values()) else dict(weights)


def turn(weights: Mapping[str, int], credit: Mapping[str, int], may: Collection[str]) -> Turn | None:
    """The next turn of a pool among those of its members who may get a task; None where nobody may.

    `credit` is what each had after the last turn; whoever is new to the pool has none. Of equals, the first by name.
    """
    each = shares(weights)
    candidates = sorted(name for name in each if name in may)
    if not candidates:
        return None
    bound = sum(each.values())
    after = {name: max(-bound, min(bound, credit.get(name, 0))) for name in each}
    for name in candidates:
        after[name] += each[name]
    chosen = max(candidates, key=lambda name: (after[name], each[name]))
    after[chosen] -= sum(each[name] for name in candidates)
    return Turn(chosen=chosen, credit=after)
