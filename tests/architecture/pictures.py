"""Draws the rooms from their imports, and the data's way from the statements of a run, as Mermaid texts.

`make pictures` writes both into docs/architecture.md; a test fails while that page shows anything else.
"""

import ast
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import TopologicalSorter
from typing import TypeAlias

import grimp
from places import ROOT

PAGE = ROOT / "docs" / "architecture.md"
OUTSIDE = ("connectors", "webhooks", "mappings", "sandbox")
Edges: TypeAlias = Mapping[str, frozenset[str]]
"""By room: the rooms that it imports."""


def floors() -> list[list[str]]:
    """The rooms of the service from top to bottom, as the import contract has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    inside = next(
        each for each in settings["tool"]["importlinter"]["contracts"] if each["name"] == "Inside the service"
    )
    return [[f"integration.{room}" for room in layer.split(" | ")] for layer in inside["layers"]]


@cache
def imports() -> Edges:
    """What every room of the product imports; a room is a folder of `integration`, or another package whole."""
    graph = grimp.build_graph("integration", *OUTSIDE)
    found: dict[str, set[str]] = {}
    for module in graph.modules:
        mine = found.setdefault(_room(module), set())
        mine |= {_room(other) for other in graph.find_modules_directly_imported_by(module)} - {_room(module)}
    return {room: frozenset(others) for room, others in found.items() if room != "integration"}


def order(edges: Edges) -> list[str]:
    """The rooms, each after those that it imports. Raises graphlib.CycleError where there is a circle."""
    return list(TopologicalSorter(edges).static_order())


def needed(edges: Edges) -> Edges:
    """The edges that no longer way says already: a picture of all of them is a knot."""
    reach: dict[str, set[str]] = {}
    kept: dict[str, frozenset[str]] = {}
    for room in order(edges):
        beyond: set[str] = set().union(*(reach[other] for other in edges[room]))
        kept[room] = frozenset(edges[room] - beyond)
        reach[room] = beyond | edges[room]
    return kept


def house() -> str:
    """The rooms by floors, and who imports whom."""
    lines = ["flowchart TB"]
    for number, layer in enumerate(floors()):
        names = " ~~~ ".join(f"{_id(room)}[{room.removeprefix('integration.')}]" for room in layer)
        lines += [f'    subgraph floor{number}[" "]', f"        {names}", "    end"]
    lines += [f"    {_id(room)}[[{room}]]" for room in OUTSIDE]
    kept = needed(imports())
    lines += [f"    {_id(room)} --> {_id(other)}" for room in sorted(kept) for other in sorted(kept[room])]
    return "\n".join(lines)


def rooms() -> str:
    """A table of all rooms with their purpose, in the words of their `__init__`."""
    lines = ["| room | purpose |", "|---|---|"]
    for path in sorted(ROOT.glob("*/**/__init__.py")):
        room = path.parent.relative_to(ROOT)
        if room.parts[0] not in {"integration", *OUTSIDE} or "migrations" in room.parts:
            continue
        said = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
        lines.append(f"| `{room}/` | {said} |")
    return "\n".join(lines)


def way(done: Iterable[tuple[str, str, str]]) -> str:
    """Who writes and takes what, from what a run did: (step, "writes" or "takes", table or CRM)."""
    lines = ["flowchart LR"]
    lines += [f"    {step}_step([{step}])" for step in sorted({step for step, _, _ in done})]
    lines += [f"    {table}[({table})]" for table in sorted({table for _, _, table in done})]
    for step, verb, table in sorted(done):
        lines.append(f"    {step}_step --> {table}" if verb == "writes" else f"    {table} -.-> {step}_step")
    return "\n".join(lines)


def replaced(page: str, name: str, text: str) -> str:
    """The page with what stands between the marks of `name` replaced."""
    marks = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
    assert re.search(marks, page, re.DOTALL), f"{PAGE.name} has no marks for {name}"
    return re.sub(marks, lambda mark: f"{mark[1]}{text}\n{mark[2]}", page, flags=re.DOTALL)


def _room(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "integration" and len(parts) > 1 else parts[0]


def _id(room: str) -> str:
    return room.removeprefix("integration.").strip("_")
