"""The first unseen of several contents: what the language says, what the check refuses, what people read."""

import io
from pathlib import Path

import pytest
from page_blocks import pages
from rich.console import Console

from integration.core.rules.automation_rules import Content
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading import library
from integration.playbook.reading.read_playbook import read
from integration.playbook.showing.editor import schema_of_language
from integration.playbook.showing.page import page
from mappings.vocabulary.value import CANONICAL

BASE = (Path(__file__).parents[1] / "cases" / "broken" / "base.yaml").read_text(encoding="utf-8")
OTHERS = (
    "story: {first_unseen: [acme, globex], otherwise: letter}\n  acme: {about: Acme, asset: example.com/a}\n  globex: G"
)


def compiled(by: str) -> tuple[tuple[Content, ...], list[str]]:
    """The contents of the small playbook with another `story`, or the mistakes and warnings."""
    playbook, problems = compile_text(BASE.replace("story: A story", by), "ours.yaml")
    return playbook.contents if playbook else (), [each.text for each in problems]


def test_a_content_may_be_the_first_unseen_of_others_which_count_as_used() -> None:
    contents, problems = compiled(OTHERS)
    assert problems == []
    assert contents == (
        Content(name="story", first_unseen=("acme", "globex"), otherwise="letter"),
        Content(name="acme", assets=("example.com/a",)),
    )


@pytest.mark.parametrize(
    ("by", "problem"),
    [
        (OTHERS.replace("[acme,", "[acmee,"), "unknown content 'acmee' (did you mean 'acme'?)"),
        (OTHERS.replace("otherwise: letter", "otherwise: leter"), "unknown content 'leter' (did you mean 'letter'?)"),
        (OTHERS.replace("[acme, globex]", "[acme, story]"), "unknown content 'story'"),
        (
            OTHERS.replace("otherwise: letter", "channel: retargeting"),
            "'channel' is said of each content that 'first_unseen' names",
        ),
        (
            OTHERS.replace("globex: G", "globex: {channel: linkedin}"),
            "'globex' goes by linkedin, 'acme' by email: one touch has one channel",
        ),
        ("story: {about: A story, otherwise: letter}", "'otherwise' goes with 'first_unseen'"),
    ],
)
def test_what_cannot_be_chosen_among_is_refused(by: str, problem: str) -> None:
    contents, problems = compiled(by)
    assert contents == ()
    assert [each for each in problems if each.startswith(problem)], problems


def test_schema_and_page_know_it() -> None:
    properties = schema_of_language(CANONICAL)["$defs"]["Content"]["properties"]
    assert {"asset", "first_unseen", "otherwise"} <= set(properties)
    file, _, problems = read(BASE.replace("story: A story", OTHERS), "ours.yaml")
    assert file is not None, problems
    out = io.StringIO()
    Console(file=out, width=160).print(page(file))
    assert "the first unseen of acme, globex, else letter" in out.getvalue()


def test_the_example_of_the_page_is_a_playbook_without_a_warning() -> None:
    example = pages()["docs/playbook.md"].split("## Unseen first")[1].split("```yaml\n")[1].split("```")[0]
    triggers, contents = example.split("contents:\n")
    text = library.text("five-tracks").replace("triggers:\n", triggers, 1)
    playbook, problems = compile_text(text.replace("contents:\n", f"contents:\n{contents}"), "ours.yaml")
    assert playbook is not None, problems
    assert [str(each) for each in problems] == []
    assert playbook.contents[0].first_unseen == ("acme_story", "globex_story")
