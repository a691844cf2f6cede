"""Whether anybody can stand where conditions on scores want them: tried wherever an answer may change."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from integration.core.rules.conditions import Compare, Condition, Every, Not, Some, subjects
from integration.core.rules.evaluation import evaluator
from integration.core.rules.playbook_rules import Playbook
from mappings.model.canonical import Value

_Scores: TypeAlias = Mapping[str, int]
_AXES = ("fit", "engagement")
_SCORES = frozenset({*_AXES, "total"})


def reachable(wanted: Condition, without: Iterable[Condition], most: Mapping[str, float]) -> bool:
    """Whether some fit and engagement, up to `most`, meet `wanted` and none of `without`.

    True where a condition asks for anything but scores: nothing is known of that here.
    """
    conditions = (wanted, *without)
    if any(not subjects(each) <= _SCORES for each in conditions):
        return True
    meets, *others = [evaluator(each, _reader) for each in conditions]
    return any(meets(scores) and not any(other(scores) for other in others) for scores in _scores(conditions, most))


def passed_by_clicks(playbook: Playbook, most: Mapping[str, float]) -> bool:
    """Whether the gate lets somebody through by engagement alone, without any fit [rules: stages].

    False where the gate, or a band, asks for anything but scores: nothing is known of that here.
    """
    gate, bands, segments = playbook.gate.condition, playbook.bands, playbook.segments
    asked = subjects(gate) if gate is not None else frozenset()
    if gate is None or not asked <= _SCORES | {"band", "segment"}:
        return False
    conditions = [gate, *(band.condition for band in bands if "band" in asked)]
    if any(not subjects(each) <= _SCORES for each in conditions[1:]):
        return False
    if segments.intent_high is not None:
        conditions.append(Compare(subject="engagement", op="at_least", values=(segments.intent_high,)))
    in_band = [(band.name, evaluator(band.condition, _reader)) for band in bands]

    def reader(name: str) -> Callable[[_Scores], Value]:
        if name == "band":
            return lambda scores: next(each for each, holds in in_band if holds(scores))
        if name == "segment":
            return lambda scores: segments.of(scores["fit"], scores["engagement"])
        return _reader(name)

    passes = evaluator(gate, reader)
    return any(passes(scores) for scores in _scores(conditions, {**most, "fit": 0}))


def _reader(name: str) -> Callable[[_Scores], Value]:
    return lambda scores: scores[name]


def _scores(conditions: Iterable[Condition], most: Mapping[str, float]) -> Iterator[_Scores]:
    """Scores on both sides of every bound; those of the total lie where the other axis leaves them."""
    bounds: dict[str, set[int]] = {"fit": {0}, "engagement": {0}, "total": set()}
    for condition in conditions:
        for name, bound in _bounds(condition):
            bounds[name].add(bound)
    highest = max(max(each, default=0) for each in bounds.values()) + 1
    ends = {name: int(min(most[name], highest)) for name in _AXES}
    for name in _AXES:
        bounds[name].add(ends[name])
    totals = bounds["total"]
    for fit in _near(bounds["fit"] | {total - each for total in totals for each in bounds["engagement"]}, ends["fit"]):
        for engagement in _near(bounds["engagement"] | {total - fit for total in totals}, ends["engagement"]):
            yield {"fit": fit, "engagement": engagement, "total": fit + engagement}


def _bounds(condition: Condition) -> Iterator[tuple[str, int]]:
    """(score, bound) of every comparison."""
    match condition:
        case Compare() if condition.subject in _SCORES:
            yield from ((condition.subject, int(float(str(value)))) for value in condition.values)
        case Every() | Some():
            for each in condition.conditions:
                yield from _bounds(each)
        case Not():
            yield from _bounds(condition.condition)


def _near(places: Iterable[int], end: int) -> set[int]:
    """Each place with its neighbours, as far as a score can come there."""
    return {near for place in places for near in (place - 1, place, place + 1) if 0 <= near <= end}
