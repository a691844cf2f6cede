"""What a first sync could not read: it waits for what passes, says what it missed, and goes on there the next time."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner, Result
from flows_crms import SYSTEMS, person
from flows_run import Watch, dead, lead, with_parts

from integration.cli import main
from integration.flows.reading import first_sync, reconcile
from integration.flows.reading.first_sync import SyncError
from integration.store.crm import connection_pauses
from integration.store.progress import unread_objects
from integration.store.progress.sync_progress import Course
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, SECOND
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

EMAIL = "ana@acme.example"
WHOLE = {"hubspot": "*/objects/*/contacts", "salesforce": "*/jobs/query"}
PERSON = {"hubspot": "contact", "salesforce": "Lead"}
Run: TypeAlias = Callable[..., Result]


@pytest.fixture
def patient(service: Service, at: Watch, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service for which time passes while it sleeps, and a minute of waiting is enough."""
    monkeypatch.setattr(first_sync, "_PATIENCE", MINUTE)

    def sleep(seconds: float) -> None:
        at.forward(max(10 * SECOND, int(seconds * SECOND)))

    return with_parts(service, sleep=sleep)


@pytest.fixture
def run(patient: Service, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("sync", …)`: the command on the test's own service."""
    monkeypatch.setattr(build, "service", lambda: patient)
    return lambda *words: CliRunner().invoke(main, list(words), catch_exceptions=False)


def read(service: Service, name: str) -> dict[str, Course]:
    return {step.object: step.course for step in first_sync.sync(service, name, lambda _step: None)}


def edge(system: str, path: str, status: int, **more: Any) -> Fault:
    return Fault(kind="page", system=system, path=path, status=status, **more)


def own(system: str, path: str, status: int, code: str, **more: Any) -> Fault:
    return Fault(kind="status", system=system, path=path, status=status, code=code, message="just now", **more)


PASSING = {
    "hubspot": [
        edge("hubspot", WHOLE["hubspot"], 403),
        edge("hubspot", WHOLE["hubspot"], 420),
        edge("hubspot", WHOLE["hubspot"], 404),
        edge("hubspot", WHOLE["hubspot"], 302, location="https://moved.example/", retry_after=60),
        own("hubspot", WHOLE["hubspot"], 500, "INTERNAL_ERROR"),
        own("hubspot", WHOLE["hubspot"], 429, "RATE_LIMITS"),
    ],
    "salesforce": [
        edge("salesforce", WHOLE["salesforce"], 403),
        edge("salesforce", WHOLE["salesforce"], 420),
        edge("salesforce", WHOLE["salesforce"], 404),
        edge("salesforce", WHOLE["salesforce"] + "/*", 404),
        edge("salesforce", "*/describe", 404),
        own("salesforce", WHOLE["salesforce"], 400, "TXN_SECURITY_METERING_ERROR"),
        own("salesforce", WHOLE["salesforce"], 400, "LIMIT_EXCEEDED"),
        own("salesforce", WHOLE["salesforce"], 403, "LIMIT_EXCEEDED"),
        own("salesforce", WHOLE["salesforce"] + "/*", 400, "INVALID_QUERY_LOCATOR"),
        own("salesforce", "*/results", 400, "INVALID_QUERY_LOCATOR"),
        own("salesforce", "*/results", 400, "UNKNOWN_EXCEPTION"),
    ],
}


@pytest.mark.parametrize(
    ("system", "place"), [(system, place) for system, faults in PASSING.items() for place in range(len(faults))]
)
def test_a_passing_fault_costs_time_and_no_object(patient: Service, sandbox: Sandbox, system: str, place: int) -> None:
    person(sandbox, system, EMAIL)
    sandbox.faults.add(replace(PASSING[system][place], times=2))
    courses = read(patient, system)
    assert all(course.whole for course in courses.values())
    assert courses[PERSON[system]].read == 1
    assert lead(patient, EMAIL).email == EMAIL


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_fault_that_does_not_pass_ends_the_sync_and_the_next_goes_on_there(
    patient: Service, sandbox: Sandbox, run: Run, system: str
) -> None:
    person(sandbox, system, EMAIL)
    sandbox.faults.add(edge(system, WHOLE[system], 420, times=0))
    first = run("sync", system)
    assert (first.exit_code, "HTTP_420" in first.output) == (1, True)
    assert "Read whole" not in first.output
    sandbox.faults.clear()
    second = run("sync", system)
    assert (second.exit_code, "Read whole" in second.output) == (0, True)
    assert lead(patient, EMAIL).standing is not None


def test_one_crm_that_is_away_does_not_keep_the_other_from_being_read(
    patient: Service, sandbox: Sandbox, run: Run
) -> None:
    person(sandbox, "hubspot", EMAIL)
    sandbox.faults.add(edge("salesforce", "*", 503, times=0))
    result = run("sync")
    assert result.exit_code == 1
    assert "salesforce: " in result.output
    with patient.store.read() as conn:
        assert all(course.whole for course in first_sync.standing(conn, patient.connections["hubspot"]).values())


def test_a_hidden_object_is_said_and_ends_in_failure_until_it_is_shown(
    patient: Service, sandbox: Sandbox, run: Run
) -> None:
    person(sandbox, "salesforce", EMAIL)
    sandbox.salesforce.hide("Opportunity")
    for _ in range(2):
        result = run("sync", "salesforce")
        assert result.exit_code == 1
        assert "Opportunity was not read: " in result.output
        assert "Not read whole" in result.output
        assert lead(patient, EMAIL).standing is not None, "all others are decided about"
    lines = [json.loads(line) for line in run("sync", "salesforce", "--json").stdout.splitlines()]
    assert {line["object"] for line in lines if line.get("skipped")} == {"Opportunity"}
    sandbox.salesforce.show("Opportunity")
    again = run("sync", "salesforce")
    assert (again.exit_code, "Read whole" in again.output) == (0, True)


def test_an_object_that_hubspot_hides_is_asked_for_again_at_the_next_call(sandbox: Sandbox, run: Run) -> None:
    person(sandbox, "hubspot", EMAIL)
    sandbox.hubspot.add("deals", {"dealname": "Acme"})
    sandbox.faults.add(own("hubspot", "*/objects/*/deals", 403, "MISSING_SCOPES", times=0))
    first = run("sync", "hubspot")
    assert (first.exit_code, "deal was not read: " in first.output) == (1, True)
    sandbox.faults.clear()
    assert run("sync", "hubspot").exit_code == 0


@pytest.mark.parametrize("code", ["INSUFFICIENT_ACCESS", "INVALID_TYPE", "NOT_FOUND"])
def test_a_refusal_is_taken_for_a_hidden_object_only_after_a_look_at_its_description(
    patient: Service, sandbox: Sandbox, code: str
) -> None:
    connector = patient.connections["salesforce"].connector
    status = {"INSUFFICIENT_ACCESS": 403, "NOT_FOUND": 404}.get(code, 400)
    sandbox.faults.add(own("salesforce", "*/jobs/query", status, code, times=0))
    for hidden in (False, True):
        if hidden:
            sandbox.salesforce.hide("Lead")
            connector._reader._seen.setdefault("Lead", frozenset({"Email"}))  # type: ignore[attr-defined]  # noqa: SLF001 -- as it was seen before
        with pytest.raises(first_sync.Unavailable) as caught:
            connector.everything("Lead", ["Email"])
        assert (caught.value.receipt.code, caught.value.forbidden) == (code, hidden)


def test_an_object_whose_changes_are_hidden_is_shown_and_the_others_are_read(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    person(sandbox, "salesforce", EMAIL)
    reconcile.poll(service, "salesforce")
    at.forward(HOUR)
    sandbox.salesforce.hide("Opportunity")
    (record,) = sandbox.salesforce.records("Lead")
    sandbox.salesforce.set("Lead", record["Id"], {"Title": "CEO"})
    for _ in range(2):
        reconcile.poll(service, "salesforce")
    connection = service.connections["salesforce"]
    with service.store.read() as conn:
        (hidden,) = unread_objects.known(conn, "salesforce", connection.mapping.objects)
    assert (hidden.object, hidden.since) == ("Opportunity", at())
    assert lead(service, EMAIL).email == EMAIL
    assert dead(service) == []
    sandbox.salesforce.show("Opportunity")
    at.forward(HOUR)
    reconcile.poll(service, "salesforce")
    with service.store.read() as conn:
        assert unread_objects.known(conn, "salesforce", connection.mapping.objects) == []


DEALS = {"hubspot": ("*/deals*", "deal"), "salesforce": ("*", "Opportunity")}
"""The calls about deals, which name them: in their path, or in a query."""


def failing(system: str) -> Fault:
    """The CRM fails over everything that is about deals, and over nothing else."""
    path, _ = DEALS[system]
    record = "FROM Opportunity" if system == "salesforce" else ""
    body = (
        '[{"errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred."}]'
        if system == "salesforce"
        else '{"status": "error", "category": "INTERNAL_ERROR", "message": "internal error", "correlationId": "c"}'
    )
    kind = "application/json"
    return Fault(
        kind="page", system=system, path=path, status=500, record=record, body=body, content_type=kind, times=0
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_object_over_which_alone_a_crm_fails_holds_back_no_other(
    patient: Service, sandbox: Sandbox, at: Watch, run: Run, system: str
) -> None:
    reconcile.poll(patient, system)
    sandbox.faults.add(failing(system))
    at.forward(HOUR)
    person(sandbox, system, EMAIL)
    reconcile.poll(patient, system)
    connection = patient.connections[system]
    with patient.store.read() as conn:
        (missed,) = unread_objects.known(conn, system, connection.mapping.objects)
        assert connection_pauses.paused(conn, at()) == {}
    assert missed.object == DEALS[system][1]
    assert lead(patient, EMAIL).email == EMAIL
    result = run("sync", system)
    assert (result.exit_code, f"{missed.object} was not read: " in result.output) == (1, True)
    sandbox.faults.clear()
    assert run("sync", system).exit_code == 0
    at.forward(HOUR)
    reconcile.poll(patient, system)
    with patient.store.read() as conn:
        assert unread_objects.known(conn, system, connection.mapping.objects) == []


def test_a_sync_that_cannot_go_on_raises_and_keeps_what_was_read(patient: Service, sandbox: Sandbox) -> None:
    for number in range(250):
        sandbox.hubspot.add("contacts", {"email": f"p{number}@acme.example"})
    sandbox.faults.add(edge("hubspot", WHOLE["hubspot"], 503, times=0, skip=1))
    with pytest.raises(SyncError):
        read(patient, "hubspot")
    with patient.store.read() as conn:
        assert first_sync.standing(conn, patient.connections["hubspot"])["contact"].read == 100
    sandbox.faults.clear()
    assert read(patient, "hubspot")["contact"].read == 250
