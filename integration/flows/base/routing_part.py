"""The part of the service that says who may get a task."""

from typing import Protocol

from integration.routing.routing_rules import Routing


class HasRouting(Protocol):
    """What knows who may get a task."""

    @property
    def routing(self) -> Routing:
        """How a role becomes a person."""
