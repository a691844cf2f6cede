"""What the oldest Python that we run on refuses and newer ones take: found whichever Python runs the tests."""

import dataclasses
import importlib
import pkgutil
import types
from collections.abc import Iterator, Mapping
from typing import Any

import connectors
import integration
import mappings
import sandbox
import webhooks

HOUSES = (connectors, integration, mappings, sandbox, webhooks)
STARTED = frozenset({"integration.processes.scheduler", "integration.__main__"})
"""Modules that do their work when they are imported."""


def _imported() -> Iterator[types.ModuleType]:
    for house in HOUSES:
        for found in pkgutil.walk_packages(house.__path__, f"{house.__name__}."):
            if found.name not in STARTED and ".migrations." not in found.name:
                yield importlib.import_module(found.name)


def shared_mappings(kind: type[Any]) -> list[str]:
    """Fields of a dataclass with a mapping as their default: Python 3.11 wants a default_factory for those."""
    return [each.name for each in dataclasses.fields(kind) if isinstance(each.default, Mapping)]


def test_no_dataclass_has_a_mapping_for_a_default() -> None:
    kinds = {value for module in _imported() for value in vars(module).values() if isinstance(value, type)}
    ours = [each for each in kinds if dataclasses.is_dataclass(each)]
    assert len(ours) > 300
    assert {each.__qualname__: found for each in ours if (found := shared_mappings(each))} == {}


def test_a_mapping_for_a_default_is_seen() -> None:
    kind = dataclasses.make_dataclass("Kind", [("roots", int, 0)])
    dataclasses.fields(kind)[0].default = types.MappingProxyType({})  # as a newer Python would have taken it
    assert shared_mappings(kind) == ["roots"]
