"""A task in the words of the moment at which it is delivered: one pure function of task, state, playbook and time."""

from dataclasses import replace

import pytest
from core_builders import CLOCK, START, did, firm, fold, hot, of, playbook, saw, told

from integration.core.handoff.task_story import Beside
from integration.core.model.effects import Escalated, TaskWanted, Wording
from integration.core.model.events import Event
from integration.core.model.state import copied
from integration.core.rules.automation_rules import Due, FirstMove, Offset, Play, TaskStep, Touch, Track
from integration.core.run.task_wording import worded
from mappings.model.task_text import plain
from mappings.values.instant import DAY, HOUR, show

STEPS = (
    TaskStep(
        channel="call",
        subject="Call {name}, {company}: {signal}",
        note="They did: {activity} {asset}",
        due=Due(span=HOUR),
    ),
    TaskStep(channel="task", subject="Ask {first_name} about {problem}"),
)
BOOK = playbook(
    plays=(Play(name="handoff", steps=STEPS),),
    clocks=(replace(CLOCK, subject="{clock}: {name} of {company} waits", label="First contact"),),
)
ASKED = did("demo_request", START, "d", asset="demo form")
BERLIN = Beside(hours="Mon-Fri 12:00-20:00 Europe/Berlin")
KNOWN = told(START, first_name="Ana", last_name="Silva", email="ana@acme.example", account="acme", source="webinar")


def late(*events: Event) -> tuple[TaskWanted, str, str]:
    """The handoff of somebody who asked as a stranger, and its words once these events are known."""
    (task, *_) = of(TaskWanted, fold(BOOK, ASKED))
    state = fold(BOOK, *events, ASKED).state
    said = worded(BOOK, state, task, START + HOUR)
    return task, said.subject, plain(said.body)


def test_a_task_tells_of_the_record_that_came_after_the_decision() -> None:
    task, subject, body = late(firm(name="Acme", employees=120), KNOWN)
    assert task.subject == "Call ana: demo (demo form) on 5 January 2026"
    assert subject == "Call Ana Silva, Acme: demo (demo form) on 5 January 2026"
    assert "Who: Ana Silva, ana@acme.example" in body
    assert "Company: Acme, 120 employees" in body


def test_what_set_the_task_off_is_told_still() -> None:
    task, _, body = late(KNOWN, saw("pricing", START - DAY))
    assert "To do:\n- They did: demo request demo form\n[ ] Ask Ana\n" in body
    assert "Why now: Asked for a demo, on 5 January 2026" in body.splitlines()
    assert task.wording.activity == "demo request"


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ({"first_name": "Ana"}, "Ana"),
        ({"email": "ana@acme.example", "phone": "+44 7700 900123"}, "ana@acme.example"),
        ({"phone": "+44 7700 900123"}, "+44 7700 900123"),
        ({"title": "CEO"}, "somebody without a name"),
    ],
)
def test_nobody_is_called_by_an_id_of_ours(known: dict[str, str], name: str) -> None:
    _, subject, body = late(told(START, **known))
    assert subject.startswith(f"Call {name}: ")
    assert f"Who: {name}" in body
    assert "ana," not in f"{subject}\n{body}".replace(name, "")


def test_an_account_that_is_only_an_id_is_not_named() -> None:
    _, subject, body = late(KNOWN)
    assert "acme" not in f"{subject}\n{body}".replace("ana@acme.example", "")
    assert "Missing: company, company size, problem, budget, authority, timeline" in body


def test_nothing_is_called_unknown() -> None:
    for events in ((), (KNOWN,), (firm(name="Acme"), KNOWN)):
        _, subject, body = late(*events)
        said = f"{subject}\n{body}".casefold()
        assert "unknown" not in said
        assert "not on record" not in said


def test_an_escalation_is_worded_anew_too() -> None:
    (escalation,) = of(Escalated, fold(BOOK, ASKED, until=START + 2 * DAY))
    state = fold(BOOK, firm(name="Acme"), KNOWN, ASKED, until=START + 2 * DAY).state
    said = worded(BOOK, state, escalation, START + 2 * DAY)
    assert said.subject == "First contact: Ana Silva of Acme waits"
    assert said.due_at == escalation.due_at


def test_a_task_of_a_track_is_worded_anew_too() -> None:
    step = TaskStep(channel="email", subject="Write to {name}", note="of {company}")
    drip = Track(name="drip", offsets=(Offset(after=0, touch=Touch(content="x", task=step)),))
    book = playbook(tracks=(drip,), first_moves=(FirstMove(track="drip"),), recycle=())
    (task, *_) = of(TaskWanted, fold(book, did("email_click", START, "c")))
    state = fold(book, firm(name="Acme"), KNOWN, did("email_click", START, "c")).state
    said = worded(book, state, task, START + HOUR)
    assert said.subject == "Write to Ana Silva"
    assert "To do:\n- of Acme\n" in plain(said.body)


def test_the_state_is_not_changed_and_time_that_passed_is_told() -> None:
    """The score has decayed by the time of the delivery, as everywhere else."""
    (task, *_) = of(TaskWanted, fold(BOOK, *hot(), ASKED))
    state = fold(BOOK, *hot(), ASKED).state
    before = copied(state)
    later = worded(BOOK, state, task, START + 40 * DAY)
    assert state == before
    assert later.body != worded(BOOK, state, task, START + DAY).body


def test_a_task_of_before_tasks_kept_their_wording_says_what_it_said() -> None:
    (task, *_) = of(TaskWanted, fold(BOOK, ASKED))
    old = replace(task, wording=Wording())
    said = worded(BOOK, fold(BOOK, KNOWN, ASKED).state, old, START + HOUR)
    assert (said.subject, plain(said.body), said.due_at) == (task.subject, task.body, task.due_at)


def test_at_the_moment_of_the_decision_both_say_the_same() -> None:
    decision = fold(BOOK, firm(name="Acme", employees=120), KNOWN, ASKED)
    (task, *_) = of(TaskWanted, decision)
    said = worded(BOOK, decision.state, task, START)
    assert (said.subject, plain(said.body)) == (task.subject, task.body)


@pytest.mark.parametrize(
    ("hours", "due"),
    [
        (None, "2026-01-06T09:00:00Z"),
        ("", "2026-01-06T09:00:00Z"),
        ("Mon-Fri 12:00-20:00 Europe/Berlin", "2026-01-06T11:00:00Z"),
        ("Tue-Sat 09:00-17:00 Pacific/Auckland", "2026-01-06T20:00:00Z"),
    ],
)
def test_a_task_is_due_in_the_hours_of_whoever_gets_it(hours: str | None, due: str) -> None:
    (task, *_) = of(TaskWanted, fold(playbook(), ASKED))
    said = worded(BOOK, fold(BOOK, ASKED).state, task, START + HOUR, Beside(hours=hours))
    assert show(said.due_at) == due


def test_a_task_that_is_handed_over_later_is_not_due_before_that() -> None:
    (task, *_) = of(TaskWanted, fold(playbook(), ASKED))
    later = replace(task, due_at=START + 9 * DAY)
    said = worded(BOOK, fold(BOOK, ASKED).state, later, START + 8 * DAY, BERLIN)
    assert said.due_at > START + 9 * DAY


def test_wording_a_task_for_somebody_changes_no_state() -> None:
    (task, *_) = of(TaskWanted, fold(BOOK, ASKED))
    state = fold(BOOK, ASKED).state
    before = copied(state)
    worded(BOOK, state, task, START + HOUR, BERLIN)
    assert state == before
