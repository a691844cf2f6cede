"""Unseen first: a touch brings the first of several contents that the person has not seen [two-axis: triggers]."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from core_builders import BORN, START, book, did, fold, of, touches

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.model.effects import TaskWanted, TouchDue
from integration.core.nurture.upcoming import upcoming
from integration.core.rules.automation_rules import Content, Play, Rhythm, TaskStep, Touch, TouchStep, Track, Trigger
from integration.core.rules.patterns import Match, Part, Pattern
from mappings.model.canonical import Value
from mappings.values.instant import DAY, HOUR

ACME = Content(name="acme", assets=("https://www.example.com/customers/acme",))
GLOBEX = Content(name="globex", assets=("Globex case study", "/customers/globex/"))
STORIES = ("acme", "globex", "initech")


def stories(otherwise: str = "") -> CompiledPlaybook:
    """A story every ten days; `initech` is known by its name alone."""
    story = Content(name="story", first_unseen=STORIES, otherwise=otherwise)
    track = Track(name="weekly", rhythms=(Rhythm(every=10 * DAY, touches=(Touch(content="story"),)),))
    return book(track, first="weekly", contents=(ACME, GLOBEX, story))


def sent(found: CompiledPlaybook, *events: object, days: int = 45) -> list[str]:
    decision = fold(found, BORN, *events, until=START + days * DAY)  # type: ignore[arg-type]
    return [content for _, content in touches(decision)]


def test_each_story_goes_once_and_then_the_one_that_went_longest_ago() -> None:
    assert sent(stories()) == ["acme", "globex", "initech", "acme", "globex"]


def test_after_the_last_one_something_else_goes() -> None:
    assert sent(stories(otherwise="research")) == [*STORIES, "research", "research"]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("page_view", {"url": "http://example.com/customers/acme/?utm_source=x#top"}),
        ("email_click", {"url": "https://WWW.Example.com/customers/acme"}),
        ("content_download", {"asset": "acme"}),
        ("document_view", {"document": "https://www.example.com/customers/acme", "seconds": 3}),
    ],
)
def test_what_the_person_has_seen_in_any_way_is_left_out(kind: str, properties: dict[str, Value]) -> None:
    seen = did(kind, START - HOUR, **properties)
    assert sent(stories(), seen, days=11) == ["globex", "initech"]


def test_other_pages_other_people_and_machines_make_nothing_seen() -> None:
    other = did("page_view", START - HOUR, url="https://www.example.com/customers/acme-two", page="case_study")
    machine = did("email_click", START - HOUR, "m", url="https://www.example.com/customers/acme")
    assert sent(stories(), other, days=1) == ["acme"]
    assert sent(stories(), machine.__class__(**{**_told(machine), "machine": "scanner"}), days=1) == ["acme"]


def _told(activity: object) -> dict[str, object]:
    names = ("id", "lead", "at", "type", "properties", "account", "machine", "derived")
    return {name: getattr(activity, name) for name in names}


def test_it_is_chosen_as_it_goes_and_the_next_touch_names_what_it_would_be_now() -> None:
    found = stories()
    seen = did("content_download", START + 2 * DAY, asset="Globex case study")
    assert sent(found, seen) == ["acme", "initech", "acme", "globex", "initech"]
    state = fold(found, BORN, seen, until=START + 3 * DAY).state
    assert upcoming(Context(found, state)) == (START + 10 * DAY, "initech")


def test_why_it_went_says_of_what_it_was_chosen_and_a_story_that_another_touch_brought_counts_as_sent() -> None:
    found = stories()
    (touch,) = of(TouchDue, fold(found, BORN, until=START + DAY))
    assert touch.because == ("touch 1 of track weekly: acme, of story by what was seen",)
    seen = Pattern(parts=(Part(signal=(Match(types=("page_view",)),)),))
    more: dict[str, Any] = {"triggers": (Trigger(name="t", pattern=seen, play="t"),)}
    more["plays"] = (Play(name="t", steps=(TouchStep(content="globex"),)),)
    found = CompiledPlaybook.of(replace(found.playbook, **more))
    assert sent(found, did("page_view", START + DAY), days=11) == ["acme", "globex", "initech"]


def test_the_order_in_which_activities_are_told_makes_no_difference() -> None:
    events = [
        did("content_download", START + 3 * DAY, "a", asset="initech"),
        did("page_view", START + 2 * DAY, "b", url="https://example.com/customers/acme"),
        did("content_download", START + 12 * DAY, "c", asset="Globex case study"),
    ]
    expected = sent(stories(), *events)
    assert {tuple(sent(stories(), *told)) for told in permutations(events)} == {tuple(expected)}


def test_a_trigger_chooses_too_and_what_a_person_delivers_is_chosen_alike() -> None:
    seen = Pattern(parts=(Part(signal=(Match(types=("page_view",)),)),))
    note = Content(name="note", channel="linkedin", task=TaskStep(channel="linkedin", subject="Note"))
    card = Content(name="card", channel="linkedin", task=TaskStep(channel="linkedin", subject="Card"))
    found = book(
        contents=(note, card, Content(name="either", channel="linkedin", first_unseen=("note", "card"))),
        triggers=(Trigger(name="t", pattern=seen, play="t"),),
        plays=(Play(name="t", steps=(TouchStep(content="either"),)),),
    )
    views = [did("page_view", START + day * DAY) for day in (1, 2)]
    decision = fold(found, BORN, *views, until=START + 3 * DAY)
    assert [task.subject for task in of(TaskWanted, decision)] == ["Note", "Card"]
    assert of(TouchDue, decision) == []
