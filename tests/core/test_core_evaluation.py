"""One way to ask a condition: leads, activities, explanations and what is concluded from conditions agree."""

from typing import Any

import pytest
from core_builders import playbook
from hypothesis import given
from hypothesis import strategies as st

from integration.core.compiled import condition_checks
from integration.core.compiled.condition_checks import checker
from integration.core.compiled.context import Context
from integration.core.model.state import newborn
from integration.core.rules.conditions import Compare, Condition, Every, Not, Op, Some
from integration.core.rules.evaluation import comparison, evaluator
from integration.playbook.compiling.condition_logic import contradictory, implies
from integration.playbook.explaining import gaps
from integration.playbook.explaining.outlook import _passing

NAMES = ("title", "size", "flag", "tools", "missing")
NUMBERS = st.sampled_from([0, 1, 79, 80, 80.5])
TEXTS = st.sampled_from(["80", "79.5", "VP", "vp", "Straße", "STRASSE", "nan"])
SCALARS = NUMBERS | TEXTS | st.booleans()
VALUES = st.none() | st.just("") | SCALARS | st.lists(TEXTS, max_size=2).map(tuple)
RANKS: tuple[Op, ...] = ("at_least", "at_most", "above", "below")
SUBJECTS = st.sampled_from([*NAMES, "missing|title", "size|flag|tools"])


def compares(ops: tuple[Op, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Compare]:
    """Comparisons as the playbook's language makes them: one bound, several choices."""
    most = 1 if ops == RANKS else 3
    lists = st.lists(values, min_size=1, max_size=most).map(tuple)
    return st.builds(
        lambda subject, op, some: Compare(subject=subject, op=op, values=some), SUBJECTS, st.sampled_from(ops), lists
    )


COMPARES = st.one_of(
    compares(("is", "is_not", "known", "unknown"), SCALARS),
    compares(("contains", "includes"), TEXTS),
    compares(RANKS, NUMBERS),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda some: Every(conditions=tuple(some))),
        st.lists(inner, max_size=3).map(lambda some: Some(conditions=tuple(some))),
        inner.map(lambda one: Not(condition=one)),
    ),
    max_leaves=5,
)
FIELDS = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES[:-1], VALUES))
BOOK = playbook()


def naive(condition: Condition, fields: dict[str, Any]) -> bool:
    """What the words of a condition say, without regard to speed."""
    if isinstance(condition, Every):
        return all(naive(each, fields) for each in condition.conditions)
    if isinstance(condition, Some):
        return any(naive(each, fields) for each in condition.conditions)
    if isinstance(condition, Not):
        return not naive(condition.condition, fields)
    known = [fields[name] for name in condition.subject.split("|") if fields.get(name) is not None]
    return naive_passes(condition, known[0] if known else None)


def naive_passes(compare: Compare, value: Any) -> bool:  # noqa: PLR0911 -- one for each word
    low = [each.casefold() if isinstance(each, str) else each for each in compare.values]
    if value in (None, "", ()):
        return compare.op == "unknown"
    if compare.op in ("known", "unknown"):
        return compare.op == "known"
    mine = value.casefold() if isinstance(value, str) else value
    if compare.op in ("is", "is_not"):
        return any(mine == each for each in low) == (compare.op == "is")
    if compare.op == "contains":
        return any(str(each).casefold() in str(value).casefold() for each in compare.values)
    if compare.op == "includes":
        items = value if isinstance(value, tuple) else (str(value),)
        return any((item.casefold() if isinstance(item, str) else item) in low for item in items)
    try:
        number, limit = (float(each) if not isinstance(each, bool | tuple) else None for each in (value, low[0]))
    except ValueError:
        return False
    if number is None or limit is None:
        return False
    sides = {"at_least": number >= limit, "at_most": number <= limit, "above": number > limit}
    return sides.get(compare.op, number < limit)


def of_a_lead(condition: Condition, fields: dict[str, Any]) -> bool:
    state = newborn("lead")
    state.fields.update(fields)
    fold = Context(BOOK, state)
    assert gaps.holds(condition, fold) is checker(condition)(fold)
    assert not (checker(condition)(fold) and gaps.gaps(condition, fold))
    return checker(condition)(fold)


@given(CONDITIONS, FIELDS)
def test_a_lead_is_judged_by_what_the_words_say(condition: Condition, fields: dict[str, Any]) -> None:
    expected = naive(condition, fields)
    assert of_a_lead(condition, fields) is expected
    assert evaluator(condition, lambda name: lambda asked: asked.get(name))(fields) is expected


@given(st.lists(st.lists(COMPARES, max_size=2).map(tuple), min_size=1, max_size=3), FIELDS)
def test_an_activity_is_judged_as_a_lead_is(alternatives: list[tuple[Compare, ...]], fields: dict[str, Any]) -> None:
    condition = Some(conditions=tuple(Every(conditions=each) for each in alternatives))
    judge = condition_checks.tests(alternatives)
    assert (judge is None or judge(fields)) is of_a_lead(condition, fields)


@given(CONDITIONS, CONDITIONS, FIELDS)
def test_what_follows_from_a_condition_is_true_of_whoever_fulfils_it(
    narrow: Condition, wide: Condition, fields: dict[str, Any]
) -> None:
    if of_a_lead(narrow, fields):
        assert contradictory(narrow) is None
        if implies(narrow, wide):
            assert of_a_lead(wide, fields)


@given(COMPARES)
def test_the_value_that_an_outlook_makes_up_passes(compare: Compare) -> None:
    value = _passing(compare)
    assert value is None or comparison(compare)(value)


@pytest.mark.parametrize("value", [["a"], {"a": 1}])
def test_what_no_playbook_can_name_is_nothing_of_what_it_names(value: Any) -> None:
    assert not comparison(Compare(subject="x", op="is", values=("a",)))(value)
    assert comparison(Compare(subject="x", op="is_not", values=("a",)))(value)
