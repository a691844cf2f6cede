"""What is dated ahead waits for its time, and what arrives late is recorded and withheld [rules: time and order]."""

from flows_run import Watch, activity, decided, drain_all, lead, receive, with_parts

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.run.lateness import TOO_LATE
from integration.flows.deciding.advance import advance
from integration.flows.history.find_explanation import explained
from integration.store.events import activities
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, parse

ANA, BOB = "ana@acme.example", "bob@acme.example"
PRICING = {"page": "pricing", "url": "/pricing"}


def alone(service: Service) -> Service:
    """The service without any CRM: what it decides is what matters here."""
    return with_parts(service, connections={}, grace=0)


def engagement(service: Service, email: str = ANA) -> object:
    standing = lead(service, email).standing
    return standing["engagement"] if standing else None


def test_an_activity_dated_ahead_is_folded_when_its_time_has_come_and_not_before(service: Service, at: Watch) -> None:
    service = alone(service)
    now = at.now
    receive(service, activity(1, ANA, "page_view", now + 20 * HOUR, **PRICING), activity(2, ANA, "email_click", now))
    drain_all(service)
    assert engagement(service) == 3
    assert lead(service, ANA).due == now + 20 * HOUR
    at.forward(5 * HOUR)
    receive(service, activity(3, ANA, "email_click", at.now))
    drain_all(service)
    assert engagement(service) == 6
    at.now = now + 20 * HOUR - 1
    drain_all(service)
    assert engagement(service) == 6
    at.now = now + 20 * HOUR
    drain_all(service)
    assert engagement(service) == 21


def test_several_that_are_dated_ahead_each_wait_for_their_own_time(service: Service, at: Watch) -> None:
    service = alone(service)
    now = at.now
    items = [activity(hour, ANA, "email_click", now + hour * HOUR) for hour in (3, 1, 2)]
    receive(service, *items)
    drain_all(service)
    found = []
    for hour in range(4):
        at.now = now + hour * HOUR
        drain_all(service)
        found.append(engagement(service))
    assert found == [0, 3, 6, 9]


def test_what_colleagues_share_ahead_of_time_is_told_when_it_happens(service: Service, at: Watch) -> None:
    service = alone(service)
    now = at.now
    views = [
        activity(number, email, "document_view", now + hours * HOUR, document="offer") | {"account": "acme.example"}
        for number, (email, hours) in enumerate(((ANA, 0), (BOB, 4)))
    ]
    receive(service, *views)
    drain_all(service)
    assert engagement(service) == 0
    at.now = now + 4 * HOUR
    drain_all(service)
    assert (engagement(service), engagement(service, BOB)) == (15, 15)


def test_a_demo_request_dated_ahead_makes_one_task_at_its_time(service: Service, at: Watch) -> None:
    service = alone(service)
    receive(service, activity(1, ANA, "demo_request", at.now + HOUR))
    drain_all(service)
    assert decided(service, ANA, "task") == []
    at.forward(HOUR)
    drain_all(service)
    assert [task.at for task in decided(service, ANA, "task")] == [at.now]


def test_touches_of_more_than_a_day_ago_are_recorded_and_withheld(service: Service, at: Watch) -> None:
    service = alone(service)
    live(service, at)
    receive(service, activity(1, ANA, "newsletter_signup", at.now - 29 * DAY))
    drain_all(service)
    touches = decided(service, ANA, "touch")
    assert [(touch.at - at.now, touch.withheld) for touch in touches] == [
        (-29 * DAY, TOO_LATE),
        (-15 * DAY, TOO_LATE),
        (-DAY, None),
    ]


def test_a_touch_of_exactly_a_day_ago_goes(service: Service, at: Watch) -> None:
    service = alone(service)
    live(service, at)
    receive(
        service, activity(1, ANA, "newsletter_signup", at.now - DAY), activity(2, BOB, "page_view", at.now - DAY - 1)
    )
    drain_all(service)
    assert [touch.withheld for touch in decided(service, ANA, "touch")] == [None]
    assert [touch.withheld for touch in decided(service, BOB, "touch")] == [TOO_LATE]


def test_a_task_due_more_than_seven_days_ago_is_withheld_and_its_stage_stands(service: Service, at: Watch) -> None:
    service = alone(service)
    live(service, at)
    receive(
        service,
        activity(1, ANA, "demo_request", at.now - 11 * DAY),
        activity(2, BOB, "demo_request", at.now - 8 * DAY),  # a Sunday: due on Monday, seven days ago
    )
    drain_all(service)
    assert [task.withheld for task in decided(service, ANA, "task")] == [TOO_LATE]
    assert [task.withheld for task in decided(service, BOB, "task")] == [None]
    assert lead(service, ANA).stage == "mql"


def test_explain_says_what_came_too_late(service: Service, at: Watch) -> None:
    service = alone(service)
    live(service, at)
    receive(service, activity(1, ANA, "demo_request", at.now - 11 * DAY))
    drain_all(service)
    found = explained(service.store, service.rules.compiled, ANA, at.now)
    assert found is not None
    said = {each.key.partition("/")[2]: each.words for each in found[1].done}
    assert said["play/handoff/1/task/1"].endswith("(not carried out: too late)")
    assert said["stage/mql/1"] == "stage mql"


def test_a_clock_that_ran_out_before_anybody_was_told_escalates_nothing(service: Service, at: Watch) -> None:
    service = alone(service)
    live(service, at)
    receive(service, activity(1, ANA, "demo_request", at.now - 2 * DAY))
    drain_all(service)
    assert [each.withheld for each in decided(service, ANA, "escalation")] == [TOO_LATE]
    said = {each.key.rpartition("/")[2]: each.withheld for each in decided(service, ANA, "alert")}
    assert said == {"1": None, "reminder": TOO_LATE, "breach": TOO_LATE}
    receive(service, activity(2, ANA, "task_closed", at.now, task="play/handoff/1/task/1"))
    at.forward(7 * DAY)
    drain_all(service)
    assert lead(service, ANA).stage == "recycled", "nobody has the escalation: nothing is waited for"


def test_a_clock_of_which_people_knew_in_time_escalates_also_after_an_outage(service: Service, at: Watch) -> None:
    service = alone(service)
    live(service, at)
    receive(service, activity(1, ANA, "demo_request", at.now))
    drain_all(service)
    at.forward(3 * DAY)
    drain_all(service)
    assert [each.withheld for each in decided(service, ANA, "escalation")] == [None]


def test_a_clock_whose_start_moves_back_for_a_late_activity_still_escalates(service: Service, at: Watch) -> None:
    """The stage was told at its first time; the clock counts from the earlier one that came to light."""
    service = alone(service)
    live(service, at)
    receive(service, activity(1, ANA, "demo_request", at.now))
    drain_all(service)
    at.forward(HOUR)
    receive(service, activity(2, ANA, "demo_request", at.now - 3 * HOUR))
    drain_all(service)
    at.forward(DAY)
    advance(service)
    assert [each.withheld for each in decided(service, ANA, "escalation")] == [None]


def test_what_was_told_before_the_year_counts_and_five_years_ahead_waits(service: Service, at: Watch) -> None:
    """Should anything so far ahead be stored, nothing follows from it now."""
    service = alone(with_parts(service, compiled=CompiledPlaybook.of(build.playbook("standard"))))
    receive(service, activity(1, ANA, "email_click", at.now))
    drain_all(service)
    ana = lead(service, ANA)
    with service.store.write() as conn:
        ahead = activities.NewActivity("x:1", ana.id, parse("2031-01-01T00:00:00Z"), "demo_request", {}, "x")
        activities.keep(conn, [ahead])
    receive(service, activity(2, ANA, "email_click", at.now, url="/b"))
    drain_all(service)
    assert lead(service, ANA).stage == "inquiry"
    assert len(decided(service, ANA, "touch")) <= 1


def live(service: Service, at: Watch) -> None:
    """Let the service have been live for long: nothing of what is told now is history."""
    receive(service, activity("first", "first@acme.example", "page_view", at.now))
    drain_all(service)
    at.forward(90 * DAY)
