"""`separate: true` on a play: its tasks share none, and the page of a playbook says so."""

from io import StringIO

import pytest
from rich.console import Console

from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading import library
from integration.playbook.reading.read_playbook import read
from integration.playbook.showing.page import page


def changed(play: str) -> str:
    text = library.text("standard")
    at = text.index("\nplays:\n") + len("\nplays:\n")
    return f"{text[:at]}  called_apart:\n{play}{text[at:]}"


SEPARATE = "    {separate: true, steps: [{call: Call apart, due: 1d}]}\n"


def test_a_play_may_be_separate() -> None:
    found, problems = compile_text(changed(SEPARATE), "mine.yaml")
    assert found is not None, [str(each) for each in problems]
    assert {each.name for each in found.plays if each.separate} == {"called_apart"}
    usual, _ = compile_text(changed(SEPARATE.replace("true", "false")), "mine.yaml")
    assert usual is not None
    assert usual.fingerprint != found.fingerprint


@pytest.mark.parametrize("word", ["perhaps", "3"])
def test_separate_is_yes_or_no(word: str) -> None:
    found, problems = compile_text(changed(SEPARATE.replace("true", word)), "mine.yaml")
    assert found is None
    assert [str(each).partition(": ")[2] for each in problems] == [f"true or false is wanted here, not '{word}'"]


def test_the_page_names_a_separate_play() -> None:
    shape, _, problems = read(changed(SEPARATE), "mine.yaml")
    assert shape is not None, problems
    printed = StringIO()
    Console(width=160, file=printed).print(page(shape))
    assert "called apart (separate)" in printed.getvalue()
