"""Contents with a channel: what the language says, what the check refuses, what people read."""

import io
from pathlib import Path
from typing import Any

import pytest
from page_blocks import pages
from rich.console import Console

from integration.core.rules.automation_rules import Due
from integration.core.rules.playbook_rules import Playbook
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading.read_playbook import read
from integration.playbook.showing.editor import schema_of_language
from integration.playbook.showing.page import page
from mappings.values.instant import HOUR
from mappings.vocabulary.value import CANONICAL

BASE = (Path(__file__).parents[1] / "cases" / "broken" / "base.yaml").read_text(encoding="utf-8")
STORY = "story: A story"


def compiled(by: str, *more: tuple[str, str]) -> tuple[Playbook | None, list[str]]:
    """The small playbook with another content `story`, and what the check says of it."""
    text = BASE.replace(STORY, by)
    for before, after in more:
        assert before in text
        text = text.replace(before, after)
    playbook, problems = compile_text(text, "ours.yaml")
    return playbook, [f"{each.line}:{each.column}: {each.text}" for each in problems]


def of(by: str) -> Any:
    playbook, problems = compiled(by)
    assert playbook is not None, problems
    return playbook.contents


def page_of(text: str) -> str:
    """The page that `coldframe playbook show` prints."""
    file, _, problems = read(text, "ours.yaml")
    assert file is not None, problems
    out = io.StringIO()
    Console(file=out, width=160).print(page(file))
    return out.getvalue()


def test_a_content_that_is_a_text_is_an_email_and_changes_nothing() -> None:
    assert of(STORY) == of("story: {about: A story}") == of("story: {about: A story, channel: email}") == ()


def test_a_task_says_who_and_when_and_has_a_subject_of_its_own() -> None:
    (content,) = of(
        'story: {about: "A {plain} story", channel: linkedin, to: account_owner, due: 48h, priority: low, note: "Ask"}'
    )
    task = content.task
    assert (content.channel, task.channel) == ("linkedin", "linkedin")
    assert task.subject == "LinkedIn for {name}, {company}: A {{plain}} story"
    assert (task.assignee, task.due, task.priority, task.note) == (
        "account_owner",
        Due(span=48 * HOUR),
        "low",
        "Ask",
    )
    (parcel,) = of('story: {about: The report, channel: direct_mail, say: "Send {name} the report"}')
    assert (parcel.task.subject, parcel.task.note, parcel.task.assignee) == (
        "Send {name} the report",
        "The report",
        "owner",
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            "story: {about: A story, channel: linked_in}",
            "'linked_in' is none of email, retargeting, linkedin, direct_mail (did you mean 'linkedin'?)",
        ),
        (
            "story: {about: A story, channel: sms}",
            "'sms' is none of email, retargeting, linkedin, direct_mail",
        ),
        (
            "story: {about: A story, channel: retargeting, due: 24h}",
            "'due' is about a person's task: it goes with channel linkedin or direct_mail",
        ),
        ("story: {abuot: A story}", "unknown key 'abuot' (did you mean 'about'?)"),
        ('story: {channel: linkedin, say: "Hi {nmae}"}', "unknown field '{nmae}' (did you mean 'name'?)"),
    ],
)
def test_what_nothing_delivers_is_refused_at_its_place(content: str, problem: str) -> None:
    playbook, problems = compiled(content)
    assert playbook is None
    (found,) = problems
    line = 1 + BASE[: BASE.index(STORY)].count("\n")
    assert found.startswith(f"{line}:")
    assert found.endswith(problem)


def test_the_schema_completes_channels_and_takes_both_forms() -> None:
    schema = schema_of_language(CANONICAL)
    content = schema["$defs"]["Content"]["properties"]
    assert content["channel"]["enum"] == ["email", "retargeting", "linkedin", "direct_mail"]
    (either,) = schema["properties"]["contents"]["patternProperties"].values()
    assert either["anyOf"][0]["type"] == "string"


def test_the_page_of_a_playbook_lists_what_has_to_be_ready_and_by_which_way_it_goes() -> None:
    text = BASE.replace(STORY, "story: {about: A word on their talk, channel: linkedin, to: account_owner}")
    shown = page_of(text)
    row = next(line for line in shown.splitlines() if line.strip().startswith("story"))
    assert row.split() == [
        "story",
        "linkedin:",
        "a",
        "task",
        "for",
        "account",
        "owner",
        "in",
        "24h",
        "A",
        "word",
        "on",
        "their",
        "talk",
    ]
    assert any(line.split() == ["thanks", "email", "Thank", "you"] for line in shown.splitlines())


def test_the_page_of_a_playbook_shows_every_send_window() -> None:
    lists = "[{days: Tue-Thu, hours: [09:00-11:00, 13:00-14:00]}, {days: Mon, hours: 13:00-14:00}]"
    shown = page_of(BASE.replace("{days: Tue-Thu, hours: 09:00-11:00}", lists))
    assert "only     Tue, Wed, Thu 09:00-11:00, 13:00-14:00 where the lead is" in shown
    assert "or       Mon 13:00-14:00 where the lead is" in shown


def test_the_page_of_a_playbook_says_where_it_slows_down() -> None:
    text = BASE.replace("  at_most:", "  slower: {after 8 unopened: end, after 4 unopened: 14d}\n  at_most:")
    text = text.replace("content: letter}", "content: letter, slower: {}}")
    shown = page_of(text)
    assert "slower   after 4 unopened 14d apart, after 8 unopened they end" in shown
    assert "slower: never" in shown


def test_the_example_of_the_page_is_a_playbook() -> None:
    example = pages()["docs/playbook.md"].split("## Channels")[1].split("```yaml\n")[1].split("```")[0]
    letters, contents = example.split("contents:\n")
    assert letters.startswith("tracks:\n  letters:")
    text = BASE.replace("  letters: {every: 14d, content: letter}\n", letters.removeprefix("tracks:\n"))
    playbook, problems = compile_text(text + contents, "ours.yaml")
    assert playbook is not None, problems
    assert [each.channel for each in playbook.contents] == ["retargeting", "linkedin", "direct_mail"]
