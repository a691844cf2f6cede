"""Broken playbooks: every mistake is reported at once, at its place, and none ends in a traceback."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from integration.playbook.compiling.compiler import compile_text
from mappings.yaml_files import located_yaml
from mappings.yaml_files.problems import Problem, fatal

FOLDER = Path(__file__).parent / "broken"
BASE = (FOLDER / "base.yaml").read_text(encoding="utf-8")


def mistakes() -> list[dict[str, Any]]:
    read, problems = located_yaml.load((FOLDER / "mistakes.yaml").read_text(encoding="utf-8"), "mistakes.yaml")
    assert read is not None, problems
    found: list[dict[str, Any]] = read.value
    return found


def told(problem: Problem) -> str:
    warning = "warning " if problem.severity == "warning" else ""
    return f"{warning}{problem.line}:{problem.column}: {problem.text}"


def test_the_base_is_without_fault() -> None:
    playbook, problems = compile_text(BASE, "base.yaml")
    assert playbook is not None
    assert problems == ()


def test_there_are_at_least_sixty_ways_to_go_wrong() -> None:
    names = [mistake["name"] for mistake in mistakes()]
    assert len(set(names)) == len(names) >= 60


@pytest.mark.parametrize("mistake", mistakes(), ids=lambda mistake: mistake["name"])
def test_a_mistake_is_told_at_its_place(mistake: dict[str, Any]) -> None:
    assert BASE.count(mistake["replace"]) >= 1
    broken = BASE.replace(mistake["replace"], mistake["by"], 1)
    playbook, problems = compile_text(broken, "broken.yaml")
    assert [told(problem) for problem in problems] == mistake["problems"]
    assert (playbook is None) == fatal(problems)


@pytest.mark.parametrize("line", range(1, BASE.count("\n") + 1))
def test_a_line_that_is_gone_never_ends_in_a_traceback(line: int) -> None:
    rows = BASE.splitlines(keepends=True)
    playbook, problems = compile_text("".join(rows[: line - 1] + rows[line:]), "broken.yaml")
    assert (playbook is None) == fatal(problems)


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "language: 1", "a: b", "- 1", "\x00", "language: {a: b}\nplays: 3\nfit: []"]
)
def test_what_is_no_playbook_is_told_without_a_traceback(text: str) -> None:
    playbook, problems = compile_text(text, "broken.yaml")
    assert playbook is None
    assert fatal(problems)


JUNK: tuple[Any, ...] = (None, 7, [], {}, "some text", True, ["x"], {"x": 1})


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [place for key, each in inner for place in places(each, (*path, key))]


def test_a_value_of_another_kind_never_ends_in_a_traceback() -> None:
    read, _ = located_yaml.load(BASE, "base.yaml")
    assert read is not None
    for number, place in enumerate(places(read.value)[1:]):
        holder = value = deepcopy(read.value)
        for part in place[:-1]:
            holder = holder[part]
        holder[place[-1]] = JUNK[number % len(JUNK)]
        playbook, problems = compile_text(json.dumps(value), "broken.yaml")
        assert (playbook is None) == fatal(problems), place
