"""What follows from a condition: whether it can be true at all, and whether it implies another one."""

from collections.abc import Iterator

from integration.core.rules.conditions import Compare, Condition, Every, caseless

_ABOVE = ("at_least", "above")
_BELOW = ("at_most", "below")
_STRICT = ("above", "below")
_CHOSEN = ("is", "includes", "contains")


def clauses(condition: Condition) -> Iterator[Compare] | None:
    """The comparisons that must all be true; None for anything but a plain conjunction."""
    if isinstance(condition, Compare):
        return iter((condition,))
    if isinstance(condition, Every) and all(isinstance(each, Compare) for each in condition.conditions):
        return (each for each in condition.conditions if isinstance(each, Compare))
    return None


def implies(narrow: Condition, wide: Condition) -> bool:
    """Whether everybody who meets `narrow` surely meets `wide`; False where that is not known."""
    of_narrow, of_wide = clauses(narrow), clauses(wide)
    if of_narrow is None or of_wide is None:
        return narrow == wide
    given = tuple(of_narrow)
    return all(any(_implies(each, wanted) for each in given) for wanted in of_wide)


def _implies(given: Compare, wanted: Compare) -> bool:
    if given.subject != wanted.subject:
        return False
    if given == wanted:
        return True
    if wanted.op == "known":
        return given.op != "unknown"
    if given.op == wanted.op and given.op in _CHOSEN:
        return {caseless(each) for each in given.values} <= {caseless(each) for each in wanted.values}
    return _within(given, wanted)


def _within(given: Compare, wanted: Compare) -> bool:
    """Whether one bound lies inside the other."""
    if given.op in _ABOVE and wanted.op in _ABOVE:
        inside = _bound(given) - _bound(wanted)
    elif given.op in _BELOW and wanted.op in _BELOW:
        inside = _bound(wanted) - _bound(given)
    else:
        return False
    return inside > 0 or (not inside and (given.op in _STRICT or wanted.op not in _STRICT))


def contradictory(condition: Condition) -> tuple[Compare, Compare] | None:
    """Two comparisons of one condition that can never both be true."""
    found = tuple(clauses(condition) or ())
    pairs = ((one, two) for index, one in enumerate(found) for two in found[index + 1 :])
    return next(((one, two) for one, two in pairs if one.subject == two.subject and _clash(one, two)), None)


def _clash(one: Compare, two: Compare) -> bool:
    ops = {one.op, two.op}
    if "unknown" in ops:
        return ops != {"unknown"}
    if one.op == two.op == "is":
        return {caseless(each) for each in one.values}.isdisjoint(caseless(each) for each in two.values)
    low = next((each for each in (one, two) if each.op in _ABOVE), None)
    high = next((each for each in (one, two) if each.op in _BELOW), None)
    if low is None or high is None:
        return False
    strict = low.op == "above" or high.op == "below"
    return _bound(low) > _bound(high) or (strict and _bound(low) == _bound(high))


def _bound(compare: Compare) -> float:
    return float(str(compare.values[0]))


def least(compare: Compare) -> float | None:
    """From where on a comparison holds; None if it asks for no least value."""
    return _bound(compare) if compare.op in _ABOVE else None
