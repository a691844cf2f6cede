"""Removes one guard at a time in a scratch copy of the product, and runs the tests that must notice."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import cache_from_source
from pathlib import Path

from guards import GUARDS, Edit, Guard

HOUSE = Path(__file__).parents[2]
PACKAGES = ("integration", "connectors", "mappings", "webhooks", "sandbox")
_COPIED = (*PACKAGES, "playbooks", "tests", "docs")
_SECONDS = 1_200
_FAILED = 1
"""How pytest ends where tests ran and failed; any other end says that they did not run."""


class MovedError(Exception):
    """The table no longer fits the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the named tests without their guard."""

    guard: Guard
    red: bool
    said: str


def drawn(day: int, number: int = 3, among: Sequence[Guard] = GUARDS) -> list[Guard]:
    """The guards of a day: other ones every day, all of them in turn."""
    return [among[(day * number + place) % len(among)] for place in range(number)]


def copied(into: Path) -> Path:
    """A scratch copy of the product and its tests, with what Python has compiled of them."""
    for name in _COPIED:
        shutil.copytree(HOUSE / name, into / name)
    for each in HOUSE.iterdir():
        if each.is_file():
            shutil.copy(each, into)
    return into


def without(copy: Path, guard: Guard) -> Outcome:
    """Run the guard's tests without it."""
    with _removed(copy, guard):
        ran = tests(copy, guard.tests)
    last = (ran.stdout + ran.stderr).strip().splitlines()
    return Outcome(guard=guard, red=ran.returncode == _FAILED and "FAILED" in ran.stdout, said=last[-1] if last else "")


def tests(copy: Path, names: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Run tests in the copy."""
    around = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
        "PYTHONPATH": str(copy),
        "LANG": "C.UTF-8",
        "HOME": str(copy),
    }
    options = ["-q", "-x", "-rfE", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *names],
        cwd=copy,
        env=around,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )


@contextmanager
def _removed(copy: Path, guard: Guard) -> Iterator[None]:
    changed = edited(copy, guard)
    before = {path: path.read_text("utf-8") for path in changed}
    try:
        _write(changed)
        yield
    finally:
        _write(before)


def _write(texts: Mapping[Path, str]) -> None:
    """Write modules, and remove what Python compiled from what stood there: it compares times and sizes alone."""
    for path, text in texts.items():
        path.write_text(text, "utf-8")
        Path(cache_from_source(str(path))).unlink(missing_ok=True)


def edited(house: Path, guard: Guard) -> Mapping[Path, str]:
    """The modules without the guard. Raises MovedError where the table does not fit them."""
    changed: dict[Path, str] = {}
    for edit in guard.edits:
        texts = {**_texts(house), **changed}
        found = [(path, text, at) for path, text in texts.items() for at in _places(text, edit)]
        if len(found) != 1:
            msg = (
                f"{guard.name}: {edit.old!r} in a definition {edit.name!r} is found {len(found)} times, "
                "not once: the guard has moved or is gone; mend tests/sabotage/guards.py"
            )
            raise MovedError(msg)
        path, text, at = found[0]
        changed[path] = text[:at] + edit.new + text[at + len(edit.old) :]
    return changed


@lru_cache(maxsize=2)
def _texts(house: Path) -> Mapping[Path, str]:
    """Every module of the product with all its guards; they are read once, since each guard is looked for in all."""
    found = (each for package in PACKAGES for each in sorted((house / package).rglob("*.py")))
    return {path: path.read_text("utf-8") for path in found}


def _places(text: str, edit: Edit) -> Iterator[int]:
    """Where in a module's text the old text stands, for each time it stands in a definition of that name."""
    if edit.old not in text:
        return
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in ast.walk(ast.parse(text)):
        if edit.name in _names(node):
            begin, end = starts[node.lineno - 1], starts[node.end_lineno]  # type: ignore[attr-defined]
            at = text.find(edit.old, begin, end)
            while at >= 0:
                yield at
                at = text.find(edit.old, at + 1, end)


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {node.target.id} if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else set()
