"""Conditions as closures, so that the engine can test them without interpreting them each time."""

from collections.abc import Callable
from typing import Protocol, TypeAlias, assert_never

from integration.core.model.state import LeadState
from integration.core.rules.conditions import STANDING, Compare, Condition, Every, Not, Some, folded, passes
from mappings.model.canonical import Fields, Value


class Asked(Protocol):
    """Whom a condition is asked of: the working copy of one lead."""

    state: LeadState

    def read(self, name: str) -> Value:
        """A field of the lead, of its account (`account.name`), or of its standing; None where unknown."""

    def band(self) -> str:
        """The lead's band."""

    def segment(self) -> str | None:
        """The lead's segment; None without thresholds."""


Check: TypeAlias = Callable[[Asked], bool]
"""A condition, asked of the working copy."""

Tests: TypeAlias = Callable[[Fields], bool] | None
"""What an activity's properties must pass; None if there is nothing to test."""

_SEGMENTS = ("A", "B", "C", "D")

_Reader: TypeAlias = Callable[[Asked], Value]


def never(_: Asked) -> bool:
    """Holds of nobody."""
    return False


def always(_: Asked) -> bool:
    """Holds of everybody."""
    return True


def check_or_none(condition: Condition | None) -> Check | None:
    """A condition as a closure, None without one."""
    return checker(condition) if condition is not None else None


def checker(condition: Condition) -> Check:
    """A condition as a closure over the working copy."""
    match condition:
        case Compare():
            return _compare(condition)
        case Every(conditions=parts):
            return _every([checker(each) for each in parts])
        case Some(conditions=parts):
            return _some([checker(each) for each in parts])
        case Not():
            check = checker(condition.condition)
            return lambda fold: not check(fold)
        case _:
            assert_never(condition)


def _every(checks: list[Check]) -> Check:
    if not checks:
        return always
    if len(checks) == 1:
        return checks[0]
    first, *others = checks
    rest = _every(others)
    return lambda fold: first(fold) and rest(fold)


def _some(checks: list[Check]) -> Check:
    if not checks:
        return never
    if len(checks) == 1:
        return checks[0]
    first, *others = checks
    rest = _some(others)
    return lambda fold: first(fold) or rest(fold)


def _compare(compare: Compare) -> Check:
    if compare.subject in _NUMBERS and compare.op in ("at_least", "above", "at_most", "below"):
        return _compare_score(_NUMBERS[compare.subject], compare)
    read = _reader(compare.subject)
    if compare.op == "is" and not any(value in ("", (), None) for value in compare.values):
        wanted = frozenset(folded(value) for value in compare.values)
        if compare.subject == "stage":
            return lambda fold: fold.state.stage in wanted
        if compare.subject == "segment":
            segments = frozenset(name for name in _SEGMENTS if name.casefold() in wanted)
            return lambda fold: fold.segment() in segments
        if compare.subject == "band":
            return lambda fold: fold.band().casefold() in wanted

        def equal(fold: Asked) -> bool:
            value = read(fold)
            return (value.casefold() if isinstance(value, str) else value) in wanted

        return equal
    return lambda fold: passes(compare, read(fold))


def _fit(fold: Asked) -> int:
    return fold.state.fit


def _engagement(fold: Asked) -> int:
    return fold.state.score.value


def _total(fold: Asked) -> int:
    return fold.state.fit + fold.state.score.value


_NUMBERS: dict[str, Callable[[Asked], int]] = {"fit": _fit, "engagement": _engagement, "total": _total}


def _compare_score(score: Callable[[Asked], int], compare: Compare) -> Check:
    bound = compare.values[0]
    if not isinstance(bound, int | float):
        return never
    if compare.op == "at_least" and score is _total:
        return lambda fold: fold.state.fit + fold.state.score.value >= bound
    compared = {
        "at_least": lambda fold: score(fold) >= bound,
        "above": lambda fold: score(fold) > bound,
        "at_most": lambda fold: score(fold) <= bound,
        "below": lambda fold: score(fold) < bound,
    }
    return compared[compare.op]


def _reader(subject: str) -> _Reader:
    """What gives a subject's value: the first known of several names."""
    names = subject.split("|")
    if len(names) > 1:
        readers = [_reader(name) for name in names]
        return lambda fold: next((value for read in readers if (value := read(fold)) is not None), None)
    if subject in _STANDING:
        return _STANDING[subject]
    if subject.startswith("account."):
        name = subject.removeprefix("account.")
        return lambda fold: fold.state.company.get(name)
    if subject in STANDING:
        return lambda fold: fold.read(subject)
    return lambda fold: fold.state.fields.get(subject)


_STANDING: dict[str, _Reader] = {
    "stage": lambda fold: fold.state.stage,
    "track": lambda fold: fold.state.stay.track if fold.state.stay else None,
    "segment": lambda fold: fold.segment(),
    "band": lambda fold: fold.band(),
}


def tests(alternatives: list[tuple[Compare, ...]]) -> Tests:
    """Whether an activity's properties pass one of several lists of tests; None if any of them is empty."""
    if not all(alternatives):
        return None
    compiled = [[_test(compare) for compare in each] for each in alternatives]
    if len(compiled) == 1 and len(compiled[0]) == 1:
        return compiled[0][0]
    return lambda properties: any(all(test(properties) for test in each) for each in compiled)


def _test(compare: Compare) -> Callable[[Fields], bool]:
    names = compare.subject.split("|")

    def test(properties: Fields) -> bool:
        value = next((found for name in names if (found := properties.get(name)) is not None), None)
        return passes(compare, value)

    return test
