"""The promises of each shipped playbook: first response, accept or reject, attempts over days; as its article says."""

from functools import cache

import pytest
from core_builders import did, fold, told

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.effects import AlertRaised, Escalated, StageChanged
from integration.core.model.events import Event
from integration.core.run.decide import Decision
from integration.playbook.compiling import compiler
from mappings.values.instant import DAY, HOUR, Instant, parse, show

ASKED = parse("2026-01-05T16:00:00Z")
"""A Monday, an hour before the calendar of the shipped playbooks closes."""
FRIDAY = parse("2026-01-09T16:30:00Z")
FIRST = {
    "behavioural": ("first_contact", "2026-01-06T16:00:00Z", None, "2026-01-10T16:30:00Z"),
    "fit-engagement": ("follow_up", "2026-01-06T16:00:00Z", None, "2026-01-10T16:30:00Z"),
    "five-tracks": ("first_response", "2026-01-06T16:00:00Z", None, "2026-01-10T16:30:00Z"),
    "two-axis": ("first_contact", "2026-01-06T16:00:00Z", "2026-01-06T12:00:00Z", "2026-01-10T16:30:00Z"),
    "operating-model": ("first_response", "2026-01-06T10:00:00Z", None, "2026-01-12T10:30:00Z"),
    "standard": ("first_response", "2026-01-06T10:00:00Z", None, "2026-01-12T10:30:00Z"),
}
"""The clock of the first response, its end, its reminder, and its end where the lead asked on a Friday afternoon."""
ACCEPT = {"operating-model": "2026-01-13T16:00:00Z", "standard": "2026-01-13T16:00:00Z"}
"""48 working hours: six days of eight, less the first hour, from Monday 16:00 on."""
UNREACHED = {"fit-engagement": (3, 7), "operating-model": (5, 10), "standard": (5, 10)}
ANSWERS = (
    ("call_attempt", {"outcome": "no_answer"}),
    ("meeting_booked", {}),
    ("sales_accepted", {}),
    ("sales_rejected", {"reason": "timing"}),
)


@cache
def compiled(name: str) -> CompiledPlaybook:
    found, problems = compiler.load(name)
    assert found is not None, problems
    return CompiledPlaybook.of(found)


def ana(at: Instant) -> tuple[Event, ...]:
    known = told(at - DAY, email="ana@acme.example", seniority="director", source="demo_request", country="DE")
    return known, did("demo_request", at, "d")


def lived(name: str, *events: Event, at: Instant = ASKED, until: Instant | None = None) -> Decision:
    return fold(compiled(name), *ana(at), *events, until=until)


def alarms(name: str, clock: str, *events: Event, until: Instant) -> list[tuple[str, str]]:
    """(what, when) of everything that a clock says."""
    found = lived(name, *events, until=until).effects
    return [
        (each.key.rsplit("/", 1)[1], show(each.at))
        for each in found
        if isinstance(each, AlertRaised | Escalated) and f"/clock/{clock}/" in each.key
    ]


def voicemails(number: int) -> list[Event]:
    """So many calls that reached nobody, an hour apart."""
    return [did("call_attempt", ASKED + each * HOUR, f"c{each}", outcome="voicemail") for each in range(1, number + 1)]


@pytest.mark.parametrize("name", FIRST)
def test_the_first_response_is_due_when_the_article_says(name: str) -> None:
    clock, due, _, after_friday = FIRST[name]
    assert show(lived(name).state.clocks[clock].due) == due
    assert show(lived(name, at=FRIDAY).state.clocks[clock].due) == after_friday


@pytest.mark.parametrize("name", FIRST)
def test_it_reminds_before_and_escalates_once_to_the_manager(name: str) -> None:
    clock, due, reminder, _ = FIRST[name]
    expected = [("reminder", reminder)] if reminder else []
    assert alarms(name, clock, until=ASKED + 30 * DAY) == [*expected, ("escalation", due), ("breach", due)]
    (escalated,) = [
        each
        for each in lived(name, until=ASKED + 30 * DAY).effects
        if isinstance(each, Escalated) and each.clock == clock
    ]
    assert escalated.assignee == "manager"


@pytest.mark.parametrize(("kind", "properties"), ANSWERS)
@pytest.mark.parametrize("name", FIRST)
def test_whatever_answers_the_lead_stops_it(name: str, kind: str, properties: dict[str, str]) -> None:
    clock, due, _, _ = FIRST[name]
    answer = did(kind, ASKED + HOUR, "a", **properties)
    run = lived(name, answer).state.clocks[clock]
    assert (run.stopped, run.answer) == (ASKED + HOUR, kind)
    assert alarms(name, clock, answer, until=parse(due) + DAY) == []


@pytest.mark.parametrize("name", FIRST)
def test_what_only_the_lead_does_stops_nothing(name: str) -> None:
    clock = FIRST[name][0]
    for kind in ("page_view", "email_open", "demo_request"):
        assert lived(name, did(kind, ASKED + HOUR, "x")).state.clocks[clock].stopped is None


@pytest.mark.parametrize("name", ACCEPT)
def test_a_lead_is_accepted_or_rejected_in_time_or_the_manager_hears_of_it(name: str) -> None:
    due = ACCEPT[name]
    call = did("call_attempt", ASKED + HOUR, "c", outcome="no_answer")
    run = lived(name, call).state.clocks["accept_or_reject"]
    assert (show(run.due), run.stopped) == (due, None), "a call decides nothing"
    reminder = show(parse(due) - 8 * HOUR)
    assert alarms(name, "accept_or_reject", call, until=ASKED + 20 * DAY) == [
        ("reminder", reminder),
        ("escalation", due),
        ("breach", due),
    ]
    for kind, properties in (("sales_accepted", {}), ("sales_rejected", {"reason": "budget"})):
        answered = did(kind, ASKED + 2 * HOUR, "a", **properties)
        assert alarms(name, "accept_or_reject", call, answered, until=ASKED + 20 * DAY) == []


@pytest.mark.parametrize("name", sorted(set(FIRST) - set(ACCEPT)))
def test_the_other_articles_promise_no_decision(name: str) -> None:
    assert "accept_or_reject" not in lived(name).state.clocks


@pytest.mark.parametrize("name", UNREACHED)
def test_whom_nobody_reaches_goes_back_after_so_many_attempts_over_so_many_days(name: str) -> None:
    attempts, days = UNREACHED[name]
    calls = [
        did("call_attempt", ASKED + (number + 1) * HOUR, f"c{number}", outcome="voicemail")
        for number in range(attempts)
    ]
    over = ASKED + HOUR + days * DAY
    before = lived(name, *calls, until=over - 1)
    assert before.state.stage == "mql"
    after = lived(name, *calls, until=over)
    assert (after.state.stage, after.state.recycle_reason) == ("recycled", "no_response")
    assert [each.at for each in after.effects if isinstance(each, StageChanged) and each.after == "recycled"] == [over]
    assert all(run.stopped is not None for run in after.state.clocks.values())
    fewer = lived(name, *calls[1:], until=over + 30 * DAY)
    assert fewer.state.stage == "mql"
    reached = did("call_attempt", ASKED + 2 * DAY, "r", outcome="connected")
    assert lived(name, *calls, reached, until=over + 30 * DAY).state.stage == "sal"


@pytest.mark.parametrize("name", sorted(set(FIRST) - set(UNREACHED)))
def test_the_other_articles_count_no_attempts(name: str) -> None:
    assert lived(name, *voicemails(9), until=ASKED + 60 * DAY).state.stage == "mql"
