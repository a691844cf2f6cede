"""What answers in a CRM's place makes no sync error: what is decided waits, and arrives once when the CRM is back."""

import pytest
from flows_crms import FIELDS, SYSTEMS, TASKS, engagement, person, tasks
from flows_run import Watch, activity, counts, dead, decided, drain_all, lead, receive

from integration.examining import doctor_lanes
from integration.store.crm import connection_pauses
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

ANA = "ana@acme.example"
STATUSES = (302, 404, 413, 420, 503)
"""One of each kind; tests/connectors/test_connector_answers.py has every status."""
REFUSED = {
    "hubspot": '{"status": "error", "category": "VALIDATION_ERROR", "message": "will not do", "correlationId": "c"}',
    "salesforce": '[{"errorCode": "JSON_PARSER_ERROR", "message": "will not do"}]',
}
STUMBLED = {
    "hubspot": '{"status": "error", "category": "INTERNAL_ERROR", "message": "internal error", "correlationId": "c"}',
    "salesforce": '[{"errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred."}]',
}


def mistaken(sandbox: Sandbox, system: str, record: str, status: int, body: str) -> Fault:
    """A record over which every batch of scores that names it fails as a whole."""
    wanted = {**FIELDS[system], "status": status, "record": record, "body": body, "times": 0}
    return sandbox.faults.add(Fault(kind="page", content_type="application/json", **wanted))  # type: ignore[arg-type]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_an_edges_page_dead_letters_nothing_and_everything_arrives_once_afterwards(
    service: Service, sandbox: Sandbox, at: Watch, system: str, status: int
) -> None:
    record = person(sandbox, system, ANA)
    for wanted in (TASKS[system], FIELDS[system]):
        sandbox.faults.add(Fault(kind="page", status=status, times=0, **wanted))  # type: ignore[arg-type]
    receive(service, activity(1, ANA, "demo_request", at()))
    for _ in range(12):
        drain_all(service)
        at.forward(20 * MINUTE)
    assert dead(service) == []
    sandbox.faults.clear()
    for _ in range(3):
        at.forward(HOUR)
        drain_all(service)
    keys = {each.key for each in decided(service, ANA, "task") if each.withheld is None}
    made = tasks(sandbox, system)
    assert keys
    assert {key: made[key] for key in keys} == dict.fromkeys(keys, 1)
    assert engagement(sandbox, system, record)
    assert dead(service) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_two_limits_at_the_edge_leave_no_letter(service: Service, sandbox: Sandbox, at: Watch, system: str) -> None:
    who = [f"p{number}@acme.example" for number in range(30)]
    for each in who:
        person(sandbox, system, each)
    for wanted in (FIELDS[system], TASKS[system]):
        sandbox.faults.add(Fault(kind="page", status=429, retry_after=5, **wanted))  # type: ignore[arg-type]
    receive(service, *(activity(place, each, "demo_request", at()) for place, each in enumerate(who)))
    for _ in range(4):
        drain_all(service)
        at.forward(MINUTE)
    assert dead(service) == []
    assert not [state for (name, _, state) in counts(service).outbox if (name, state) == (system, "new")]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_crm_that_has_moved_is_waited_for_and_doctor_says_where_it_is(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    person(sandbox, system, ANA)
    moved = {"status": 301, "location": "https://acme2.my.salesforce.com/services/data?token=secret", "times": 0}
    sandbox.faults.add(Fault(kind="page", **FIELDS[system], **moved))  # type: ignore[arg-type]
    receive(service, activity(1, ANA, "page_view", at(), page="pricing"))
    drain_all(service)
    with service.store.read() as conn:
        pause = connection_pauses.paused(conn, at())[system]
    assert pause.reason == "MOVED the CRM has moved to https://acme2.my.salesforce.com"
    (finding,) = doctor_lanes.waiting(service.store, service.connections[system], at())
    assert (finding.ok, pause.reason in finding.detail) == (False, True)
    assert finding.remedy == f"set its new address, or sign in there: coldframe connect {system}"


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("status", [413, 500])
def test_one_record_over_which_a_crm_stumbles_becomes_a_letter_and_the_others_are_written(
    service: Service, sandbox: Sandbox, at: Watch, system: str, status: int
) -> None:
    who = {f"p{number}@acme.example": "" for number in range(20)}
    for each in who:
        who[each] = person(sandbox, system, each)
    bad = "p7@acme.example"
    mistaken(sandbox, system, who[bad], status, STUMBLED[system] if status == 500 else "too large")
    receive(service, *(activity(each, each, "page_view", at(), page="pricing") for each in who))
    for number in range(12):
        drain_all(service)
        at.forward(HOUR)
        receive(service, activity(f"more{number}", "p3@acme.example", "page_view", at(), page=f"page{number}"))
    assert [each for each, record in who.items() if engagement(sandbox, system, record) is None] == [bad]
    assert {(letter.stage, letter.lead_id) for letter in dead(service)} == {("deliver", lead(service, bad).id)}


@pytest.mark.parametrize("system", SYSTEMS)
def test_good_records_among_many_bad_ones_are_written_and_never_given_up(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    who = {f"p{number:02}@acme.example": "" for number in range(64)}
    for each in who:
        who[each] = person(sandbox, system, each)
    bad = {each for place, each in enumerate(who) if place % 2}
    for each in bad:
        mistaken(sandbox, system, who[each], 400, REFUSED[system])
    receive(service, *(activity(each, each, "page_view", at(), page="pricing") for each in who))
    for _ in range(12):
        drain_all(service)
        at.forward(MINUTE)
    assert {each for each, record in who.items() if engagement(sandbox, system, record) is None} == bad
    assert {letter.lead_id for letter in dead(service)} == {lead(service, each).id for each in bad}


@pytest.mark.parametrize(
    ("system", "body"),
    [
        ("salesforce", '[{"errorCode": "NOT_FOUND", "message": "Provided external ID field does not exist"}]'),
        ("hubspot", '{"status": "error", "category": "UNKNOWN", "message": "no such path", "correlationId": "c"}'),
    ],
)
def test_what_would_meet_every_record_alike_pauses_the_connection_in_the_crms_words(
    service: Service, sandbox: Sandbox, at: Watch, system: str, body: str
) -> None:
    person(sandbox, system, ANA)
    wanted = {**TASKS[system], "status": 404, "body": body, "times": 0, "content_type": "application/json"}
    sandbox.faults.add(Fault(kind="page", **wanted))  # type: ignore[arg-type]
    receive(service, activity(1, ANA, "demo_request", at()))
    drain_all(service)
    assert dead(service) == []
    with service.store.read() as conn:
        reason = connection_pauses.paused(conn, at())[system].reason
    assert ("external ID field" if system == "salesforce" else "no such path") in reason
