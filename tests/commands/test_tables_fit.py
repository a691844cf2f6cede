"""Tables that commands print fit 80 columns with nothing cut off; times have no microseconds."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT
from rich.console import Console

from integration.commands.shared.fitted_tables import fitted

COMMANDS = ROOT / "integration" / "commands"
DOCTORS = [*(COMMANDS / "doctoring").glob("*.py"), *(ROOT / "integration" / "examining").glob("*.py")]
TIME = "2026-11-28T14:35:32Z"
WIDEST = {
    "at": TIME, "since": TIME, "when": TIME, "waits since": TIME, "due": TIME, "token until": TIME, "until": TIME,
    "id": "1234567", "stage": "reconcile", "": "12345", "points": "+12.5", "outcome": "none yet",
    "most in a day": "123 on 28 Nov",
}  # fmt: skip
"""What columns that stay on one line have to hold; counts where nothing is said."""
COUNT = "1,234,567"
LONG = "a-value-without-any-blank-that-goes-on-and-on@somewhere.example, and words after it, " * 2
OF_THEIR_OWN = {"bench_engine.py", "fitted_tables.py"}
"""`bench-engine` has three columns of figures."""


def calls() -> Iterator[tuple[str, list[str], list[str]]]:
    """(place, headings, whole columns) of every table that the commands make."""
    for file in sorted(COMMANDS.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "fitted":
                headings = [_text(each) for each in node.args]
                whole = next((_texts(each.value) for each in node.keywords if each.arg == "whole"), [])
                yield f"{file.name}:{node.lineno}", headings, whole


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "a heading"


def _texts(node: ast.expr) -> list[str]:
    return [_text(each) for each in node.elts] if isinstance(node, ast.List | ast.Tuple) else []


CALLS = list(calls())


@pytest.mark.parametrize(("place", "headings", "whole"), CALLS, ids=[place for place, _, _ in CALLS])
def test_a_table_fits_eighty_columns_with_nothing_cut_off(place: str, headings: list[str], whole: list[str]) -> None:
    assert place
    assert set(whole) <= {*headings, "a heading"}
    table = fitted(*headings, whole=whole)
    cells = [WIDEST.get(heading, COUNT) if heading in whole else LONG for heading in headings]
    table.add_row(*cells)
    console = Console(width=80, file=None, record=True, color_system=None)
    with console.capture() as captured:
        console.print(table)
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in captured.get()
    for heading, cell in zip(headings, cells, strict=True):
        if heading in whole:
            assert any(cell in line for line in lines), heading
    letters = "".join("".join(lines).split())
    folded = sum(cell is LONG for cell in cells)
    assert letters.count("@") >= 2 * folded, "every value is there to its end"


def test_every_table_of_a_command_is_one_that_fits() -> None:
    assert len(CALLS) > 25
    made = {
        file.name
        for file in COMMANDS.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Table"
    }
    assert made <= OF_THEIR_OWN


@pytest.mark.parametrize("file", sorted(DOCTORS), ids=lambda file: file.stem)
def test_doctor_shows_times_to_the_second(file: Path) -> None:
    names = {
        alias.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "mappings.values.instant"
        for alias in node.names
    }
    assert "show" not in names
