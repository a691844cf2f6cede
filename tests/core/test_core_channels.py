"""Channels: e-mail and retargeting by the marketing system, LinkedIn and mail by a person [five-tracks: channels]."""

from dataclasses import replace
from typing import Any

from core_builders import BORN, START, book, did, fold, of, told, touches

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.model.effects import TaskWanted, TouchDue
from integration.core.model.state import newborn
from integration.core.nurture.upcoming import upcoming
from integration.core.rules.automation_rules import (
    Content,
    Exit,
    FirstMove,
    Offset,
    Play,
    TaskStep,
    Touch,
    TouchStep,
    Track,
    Trigger,
)
from integration.core.rules.patterns import Match, Part, Pattern
from integration.core.rules.playbook_rules import FrequencyCap, Playbook, SendWindow
from integration.core.run.apply_events import advance
from mappings.values.instant import DAY, HOUR, MINUTE, parse, show

ADS = Content(name="ads", channel="retargeting")
NOTE = Content(
    name="note",
    channel="linkedin",
    task=TaskStep(channel="linkedin", subject="LinkedIn for {name}", assignee="worked_by", priority="low"),
)
PARCEL = Content(name="parcel", channel="direct_mail", task=TaskStep(channel="direct_mail", subject="Send it"))
CONTENTS = (ADS, NOTE, PARCEL)
WINDOW = SendWindow(weekdays=(1, 2, 3), opens=9 * 60, closes=11 * 60)


def mixed(*contents: str, days: tuple[int, ...] = (), **more: Any) -> Track:
    """A track with one touch a day, each bringing one of these."""
    after = days or tuple(range(len(contents)))
    offsets = tuple(
        Offset(after=day * DAY, touch=Touch(content=content)) for day, content in zip(after, contents, strict=True)
    )
    return Track(name="mixed", offsets=offsets, **more)


def on(*contents: str, days: tuple[int, ...] = (), exits: tuple[Exit, ...] = (), **more: Any) -> CompiledPlaybook:
    return book(mixed(*contents, days=days, exits=exits), first="mixed", contents=CONTENTS, **more)


def test_a_touch_names_its_channel_and_is_an_email_where_the_playbook_says_nothing() -> None:
    decision = fold(on("hello", "ads"), BORN, until=START + DAY)
    assert [(touch.content, touch.channel) for touch in of(TouchDue, decision)] == [
        ("hello", "email"),
        ("ads", "retargeting"),
    ]


def test_retargeting_knows_neither_send_window_nor_cap_and_takes_no_place_in_the_cap() -> None:
    saturday = parse("2026-01-10T09:00:00Z")
    found = on(
        "ads",
        "hello",
        "ads",
        days=(0, 1, 2),
        send_windows=(WINDOW,),
        frequency_cap=FrequencyCap(touches=1, within=7 * DAY),
    )
    decision = fold(found, told(saturday, source="other"), until=saturday + 9 * DAY)
    assert [(show(touch.at), touch.content) for touch in of(TouchDue, decision)] == [
        ("2026-01-10T09:00:00Z", "ads"),
        ("2026-01-13T09:00:00Z", "hello"),
        ("2026-01-13T09:01:00Z", "ads"),
    ], "each has an instant of its own, since one field says when"


def test_what_a_person_delivers_is_a_task_that_says_who_and_when() -> None:
    decision = fold(on("note", "parcel"), BORN, until=START + DAY)
    note, parcel = of(TaskWanted, decision)
    assert (note.channel, note.subject, note.assignee, note.priority) == (
        "linkedin",
        "LinkedIn for ana",
        "worked_by",
        "low",
    )
    assert (note.play, note.step, note.due_at) == ("mixed", 1, START + DAY)
    assert (parcel.channel, parcel.step, parcel.assignee) == ("direct_mail", 2, "pool")
    assert touches(decision) == []


def test_a_task_of_a_touch_waits_for_neither_window_nor_cap_and_mail_that_came_back_does_not_stop_it() -> None:
    saturday = parse("2026-01-10T09:00:00Z")
    found = on("note", "hello", "note", days=(0, 1, 5), send_windows=(WINDOW,))
    bounced = did("email_bounce", saturday + HOUR, hard=True)
    decision = fold(found, told(saturday, source="other"), bounced, until=saturday + 9 * DAY)
    assert [(effect.step, show(effect.due_at)) for effect in of(TaskWanted, decision)] == [(1, "2026-01-12T09:00:00Z")]
    assert touches(decision) == [], "e-mail and what follows it on the track wait for another address"
    only = fold(on("note", "note"), told(saturday, source="other"), bounced, until=saturday + 9 * DAY)
    assert [effect.step for effect in of(TaskWanted, only)] == [1, 2]


def test_no_touch_of_any_channel_goes_while_sales_works_on_the_lead() -> None:
    taken = did("sales_accepted", START + HOUR)
    demo = did("demo_request", START + MINUTE)
    for content in ("ads", "note", "parcel", "hello"):
        decision = fold(on(content, days=(3,)), BORN, demo, taken, until=START + 30 * DAY)
        assert decision.state.stage == "sal"
        assert touches(decision) == []
        assert [effect for effect in of(TaskWanted, decision) if effect.play == "mixed"] == []


def test_an_excluded_person_is_given_no_task_and_the_track_goes_on() -> None:
    decision = fold(on("note", "ads"), told(source="other", is_student=True), until=START + DAY)
    assert of(TaskWanted, decision) == []
    assert touches(decision) == [(1.0, "ads")]


def test_what_nobody_can_open_is_not_counted_as_unopened() -> None:
    found = on("a", "ads", "note", "b", "ads", "c", "ads", exits=(Exit(unopened=3, to=""),))
    decision = fold(found, BORN, until=START + 9 * DAY)
    assert [content for _, content in touches(decision)] == ["a", "ads", "b", "ads", "c"]


def test_an_open_counts_for_the_last_email_also_after_an_advertisement() -> None:
    found = on("a", "ads", "b", exits=(Exit(unopened=2, to=""),), days=(0, 1, 3))
    decision = fold(found, BORN, did("email_open", START + 2 * DAY), until=START + 4 * DAY)
    assert [each.opened for each in decision.state.touches] == [True, False]


def test_touches_of_first_moves_and_plays_go_by_their_channel_too() -> None:
    seen = Pattern(parts=(Part(signal=(Match(types=("page_view",)),)),))
    found = book(
        contents=CONTENTS,
        triggers=(Trigger(name="t", pattern=seen, play="t"),),
        plays=(Play(name="t", steps=(TouchStep(content="parcel"), TouchStep(content="ads"))),),
    )
    found = CompiledPlaybook.of(_with_first_move(found))
    decision = fold(found, BORN, did("page_view", START + HOUR), until=START + DAY)
    assert [(task.key, task.channel, task.play) for task in of(TaskWanted, decision)] == [
        ("ana/first/note/1", "linkedin", ""),
        ("ana/play/t/1/touch/1", "direct_mail", ""),
    ]
    assert [touch.channel for touch in of(TouchDue, decision)] == ["retargeting"]


def _with_first_move(found: CompiledPlaybook) -> Playbook:
    return replace(found.playbook, first_moves=(FirstMove(touches=(TouchStep(content="note"),)),))


def test_the_next_touch_says_its_channel_where_that_is_not_email() -> None:
    def coming(content: str) -> str | None:
        found = on(content, days=(3,))
        state = advance(found, newborn("ana"), [BORN], START).state
        context = Context(found, state)
        return upcoming(context)[1]

    assert [coming(each) for each in ("hello", "ads", "parcel")] == [
        "hello",
        "ads (retargeting)",
        "parcel (direct mail)",
    ]
