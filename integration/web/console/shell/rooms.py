"""Rooms: a room is a blueprint whose every page says who may see it. What does not say so is answered to nobody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint

from integration.settings.console_settings import ROLES, Role

View = TypeVar("View", bound=Callable[..., Any])

CONSOLE = "console"
"""The name of the console's own blueprint, in which the rooms' stand."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """What the navigation shows of a room."""

    label: str
    endpoint: str


class Room(Blueprint):
    """A room of the console. `label` names it in the navigation; "" keeps it out of there."""

    def __init__(self, name: str, label: str = "", *, path: str = "") -> None:
        super().__init__(name, __name__, url_prefix=path or None)
        self.label = label
        self.roles: dict[str, Role | None] = {}
        """By endpoint: the least role that may see it; None for pages that need nobody signed in."""

    def page(self, rule: str, *, role: Role | None) -> Callable[[View], View]:
        """A page that is only looked at."""
        return self._at(rule, ["GET"], role)

    def change(self, rule: str, *, role: Role | None) -> Callable[[View], View]:
        """A form that changes something; it is asked for with its CSRF token alone."""
        return self._at(rule, ["POST"], role)

    def _at(self, rule: str, methods: list[str], role: Role | None) -> Callable[[View], View]:
        def add(view: View) -> View:
            name = view.__name__
            self.add_url_rule(rule, name, view, methods=methods)
            self.roles[f"{CONSOLE}.{self.name}.{name}"] = role
            return view

        return add


def may(role: Role, least: Role) -> bool:
    """Whether somebody with this role may see what needs at least the other."""
    return ROLES.index(role) >= ROLES.index(least)
