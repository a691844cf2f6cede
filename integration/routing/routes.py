"""Routes: which of them a lead takes, the first whose condition is true."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from integration.core.rules.conditions import Condition
from integration.core.rules.evaluation import evaluator
from integration.routing.routing_rules import Route, Routing
from mappings.model.canonical import Value

Read: TypeAlias = Callable[[str], Value]
"""Gives the value of a lead's field, of its account's (`account.country`) or of its standing; None where unknown."""


def route_of(routing: Routing, read: Read) -> Route | None:
    """The first route whose condition is true of a lead; None where none is."""
    return next((route for route in routing.routes if _check(route.condition)(read)), None)


@lru_cache(maxsize=1_000)
def _check(condition: Condition) -> Callable[[Read], bool]:
    return evaluator(condition, lambda name: lambda read: read(name))
