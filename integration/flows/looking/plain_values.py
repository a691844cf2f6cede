"""Values as plain JSON for scripts: times as ISO 8601 and amounts in points, as replay writes them."""

from collections.abc import Callable
from typing import Any

import msgspec

from integration.core.rules.scoring_rules import POINT
from integration.playbook.explaining.explanation import Explanation
from mappings.values.instant import show

_TIMES = frozenset({"at", "until", "since", "next_due"})
_POINTS = frozenset({"points"})


def plain(value: object) -> Any:
    """Dataclasses as dicts; whole points as integers."""
    return _shown(msgspec.to_builtins(value, str_keys=True), "")


def _shown(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _shown(each, key) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each, name) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return _number(value, name)
    return value


def _number(value: int, name: str) -> Any:
    if name in _TIMES:
        return show(value)
    shown: Callable[[int], Any] = points if name in _POINTS else int
    return shown(value)


def points(thousandths: int) -> int | float:
    """Thousandths as points: whole ones as integers."""
    return thousandths / POINT if thousandths % POINT else thousandths // POINT


def plain_explanation(explanation: Explanation) -> Any:
    """As `coldframe explain --json` writes it."""
    return {**plain(explanation), "fit": points(explanation.fit), "engagement": points(explanation.engagement)}
