"""Conditions as closures, so that the engine can test them without interpreting them each time."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from integration.core.model.state import LeadState
from integration.core.rules.conditions import STANDING, Compare, Condition
from integration.core.rules.evaluation import evaluator, every, some
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
    return evaluator(condition, _reader)


def _fit(context: Asked) -> int:
    return context.state.fit


def _engagement(context: Asked) -> int:
    return context.state.score.value


def _total(context: Asked) -> int:
    return context.state.fit + context.state.score.value


def _reader(subject: str) -> _Reader:
    """What gives the value of one name."""
    if subject in _STANDING:
        return _STANDING[subject]
    if subject.startswith("account."):
        name = subject.removeprefix("account.")
        return lambda context: context.state.company.get(name)
    if subject in STANDING:
        return lambda context: context.read(subject)
    return lambda context: context.state.fields.get(subject)


_STANDING: dict[str, _Reader] = {
    "fit": _fit,
    "engagement": _engagement,
    "total": _total,
    "stage": lambda context: context.state.stage,
    "track": lambda context: context.state.stay.track if context.state.stay else None,
    "segment": lambda context: context.segment(),
    "band": lambda context: context.band(),
}


def tests(alternatives: list[tuple[Compare, ...]]) -> Tests:
    """Whether an activity's properties pass one of several lists of tests; None if any of them is empty."""
    if not all(alternatives):
        return None
    return some([every([evaluator(test, _property) for test in each]) for each in alternatives])


def _property(name: str) -> Callable[[Fields], Value]:
    return lambda properties: properties.get(name)
