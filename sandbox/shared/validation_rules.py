"""Validation rules an administrator has set up: the CRM refuses records that break them, whoever writes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A value of `field` that matches `pattern` wholly is refused with `message`."""

    object: str
    field: str
    pattern: str
    message: str

    def broken_by(self, values: Mapping[str, Any]) -> bool:
        """Whether the written values break the rule."""
        value = values.get(self.field)
        return value is not None and re.fullmatch(self.pattern, str(value)) is not None


class Rules:
    """The rules of one system."""

    def __init__(self) -> None:
        self._rules: tuple[Rule, ...] = ()

    @property
    def standing(self) -> tuple[Rule, ...]:
        """The rules, oldest first."""
        return self._rules

    def add(self, rule: Rule) -> None:
        """Apply this rule to every write from now on."""
        self._rules = (*self._rules, rule)

    def clear(self) -> None:
        """Drop all rules."""
        self._rules = ()

    def broken(self, object_name: str, values: Mapping[str, Any]) -> Rule | None:
        """The first rule that these values break."""
        for rule in self._rules:
            if rule.object == object_name and rule.broken_by(values):
                return rule
        return None
