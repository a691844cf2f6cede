"""People in a pool take turns by their weights; nobody who may not get a task is chosen, and nobody makes up for it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.routing.turns import ROUND, shares, turn

NAMES = [f"p{number:02}" for number in range(24)]
WEIGHTS = st.lists(st.integers(1, 100), min_size=1, max_size=24).map(lambda each: dict(zip(NAMES, each, strict=False)))


def turns(weights: Mapping[str, int], may: Iterable[Sequence[str]]) -> list[str | None]:
    """Who is chosen, turn by turn, among those who may."""
    credit: Mapping[str, int] = {}
    found: list[str | None] = []
    for those in may:
        taken = turn(weights, credit, those)
        credit = taken.credit if taken else credit
        found.append(taken.chosen if taken else None)
    return found


@settings(max_examples=12)
@given(weights=WEIGHTS)
def test_weights_hold_within_one_over_any_thousand_turns_in_a_row(weights: Mapping[str, int]) -> None:
    everybody = list(weights)
    chosen = turns(weights, [everybody] * (ROUND + 300))
    total = sum(weights.values())
    counted = Counter(chosen[:ROUND])
    for start in range(301):
        for name, weight in weights.items():
            assert abs(counted[name] - ROUND * weight / total) <= 1, (start, name)
        if start < 300:
            counted[chosen[start]] -= 1
            counted[chosen[start + ROUND]] += 1


def test_turns_are_smooth_not_in_rows() -> None:
    assert turns({"a": 5, "b": 1, "c": 1}, [["a", "b", "c"]] * 7) == ["a", "a", "b", "a", "c", "a", "a"]
    assert turns({"a": 2, "b": 1}, [["a", "b"]] * 6) == ["a", "b", "a", "a", "b", "a"]


@pytest.mark.parametrize(
    ("weights", "each"),
    [
        ({"a": 2, "b": 1}, {"a": 667, "b": 333}),
        ({"a": 1, "b": 1, "c": 1}, {"a": 333, "b": 333, "c": 334}),
        ({"a": 7}, {"a": 1_000}),
        ({"a": 5_000, "b": 1}, {"a": 999, "b": 1}),
        ({}, {}),
    ],
)
def test_shares_are_whole_turns_of_a_thousand_and_nobody_has_none(
    weights: Mapping[str, int], each: Mapping[str, int]
) -> None:
    assert shares(weights) == each


@given(weights=WEIGHTS.filter(lambda each: len(each) > 1))
@settings(max_examples=12)
def test_weights_hold_among_those_who_are_there(weights: Mapping[str, int]) -> None:
    there = list(weights)[1:]
    counted = Counter(turns(weights, [there] * ROUND))
    total = sum(weights[name] for name in there)
    assert all(abs(counted[name] - ROUND * weights[name] / total) <= 1 for name in there)


@given(weights=WEIGHTS, data=st.data())
def test_nobody_is_chosen_who_may_not_get_a_task(weights: Mapping[str, int], data: st.DataObject) -> None:
    may = data.draw(st.lists(st.lists(st.sampled_from(NAMES), unique=True), max_size=40))
    for those, chosen in zip(may, turns(weights, may), strict=True):
        assert (chosen in those and chosen in weights) or (chosen is None and not set(those) & set(weights))


@settings(max_examples=20)
@given(weights=WEIGHTS.filter(lambda each: len(each) > 1), absence=st.integers(1, 700), before=st.integers(0, 50))
def test_an_absent_person_makes_nothing_up_afterwards(weights: Mapping[str, int], absence: int, before: int) -> None:
    everybody = list(weights)
    others = everybody[1:]
    away = everybody[0]
    chosen = turns(weights, [*[everybody] * before, *[others] * absence, *[everybody] * 200])
    share = weights[away] / sum(weights.values())
    back = chosen[before + absence :]
    for count in range(1, 201):
        assert Counter(back[:count])[away] <= share * count + 2, count


@given(weights=WEIGHTS, data=st.data())
def test_whoever_comes_and_goes_no_credit_grows_without_end(weights: Mapping[str, int], data: st.DataObject) -> None:
    credit: Mapping[str, int] = {}
    for those in data.draw(st.lists(st.lists(st.sampled_from(NAMES), unique=True), max_size=60)):
        taken = turn(weights, credit, those)
        credit = taken.credit if taken else credit
    assert all(abs(each) <= 2 * ROUND for each in credit.values())
