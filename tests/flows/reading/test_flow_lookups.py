"""A look-up that cannot succeed is set aside; the connection goes on with all others."""

import json

import pytest
from flows_crms import SYSTEMS, person
from flows_lookups import FIND, REFUSED, paused, visit, waiting, wish
from flows_run import Watch, dead, drain_all, lead

from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.replay_letters import replay
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

STUMBLED = {
    "hubspot": '{"status": "error", "category": "INTERNAL_ERROR", "message": "internal error", "correlationId": "c"}',
    "salesforce": '[{"errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred."}]',
}


def emails(count: int, *, long: bool = False) -> list[str]:
    return [f"p{number}.{'x' * 230 if long else 'x'}@acme.example" for number in range(count)]


def known(service: Service, who: list[str]) -> list[str]:
    """Those whose records were found."""
    return [each for each in who if lead(service, each).fields.get("seniority") or lead(service, each).account_id]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_hundred_long_addresses_are_looked_for_in_queries_that_fit(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    who = [f"{'x' * 60}{number}@{'y' * 8}.example"[-80:] for number in range(100)]
    for each in who:
        sandbox.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme", "Email": each, "Title": "Director"})
    wish(service, "salesforce", None, *who, *emails(100, long=True))
    while read_records(service, "salesforce"):
        pass
    assert [len(lead(service, each).id) > 0 for each in who] == [True] * 100
    assert paused(service, at) == set()
    assert dead(service) == []
    assert {entry.status for entry in sandbox.salesforce.log.entries(path="/query")} == {200}
    assert max(len(entry.query) for entry in sandbox.salesforce.log.entries(path="/query")) < 8_000


def test_an_address_that_fits_no_query_is_set_aside_alone(service: Service, sandbox: Sandbox, at: Watch) -> None:
    person(sandbox, "salesforce", "ana@acme.example")
    endless = f"{'x' * 20_000}@acme.example"
    wish(service, "salesforce", None, "ana@acme.example", endless)
    read_records(service, "salesforce")
    assert lead(service, "ana@acme.example").email == "ana@acme.example"
    letters = dead(service)
    assert {letter.reason.split(":")[1].strip() for letter in letters} == {"QUERY_TOO_LONG"}
    assert all(json.loads(letter.payload)["wishes"] == [{"email": endless}] for letter in letters)
    assert paused(service, at) == set()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_encrypted_email_field_leaves_one_letter_in_salesforces_words_and_holds_nothing_back(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    ana = person(sandbox, "salesforce", "ana@acme.example")
    sandbox.salesforce.add("Contact", {"LastName": "Bo", "Email": "bo@acme.example"})
    sandbox.salesforce.encrypt("Lead", "Email")
    wish(service, "salesforce", "Lead", ana)
    for place, who in enumerate((["bo@acme.example", "cy@acme.example"], ["di@acme.example"])):
        visit(service, at, who)
        drain_all(service)
        (letter,) = dead(service)
        assert (letter.stage, letter.source) == ("refresh", "salesforce")
        assert letter.reason == "Lead: INVALID_FIELD: field 'Email' can not be filtered in a query call"
        assert len(json.loads(letter.payload)["wishes"]) == [2, 3][place]
    assert paused(service, at) == set()
    assert waiting(service, "salesforce", at()) == []
    assert lead(service, "ana@acme.example").email == "ana@acme.example", "read by its id"
    assert lead(service, "bo@acme.example").account_id, "contacts can be filtered"


def test_a_replayed_look_up_is_asked_again(service: Service, sandbox: Sandbox, at: Watch) -> None:
    person(sandbox, "salesforce", "ana@acme.example")
    sandbox.salesforce.encrypt("Lead", "Email")
    visit(service, at, ["ana@acme.example"])
    drain_all(service)
    (letter,) = dead(service)
    sandbox.salesforce.org.fields["Lead"]["Email"].encrypted = False
    assert replay(service, [letter.id], actor="test", now=at()) == {letter.id}
    drain_all(service)
    assert dead(service) == []
    assert lead(service, "ana@acme.example").account_id


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_one_look_up_that_is_refused_becomes_a_letter_about_that_one(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    who = emails(40)
    for each in who:
        person(sandbox, system, each)
    sandbox.faults.add(
        Fault(
            kind="page",
            system=system,
            path=FIND[system],
            times=0,
            status=400,
            record=who[23].split("@")[0],
            body=REFUSED[system],
            content_type="application/json",
        )
    )
    visit(service, at, who)
    drain_all(service)
    letters = dead(service)
    assert {(letter.stage, letter.source) for letter in letters} == {("refresh", system)}
    assert all("will not do" in letter.reason for letter in letters)
    assert [json.loads(letter.payload)["wishes"] for letter in letters] == [[{"email": who[23]}]] * len(letters)
    assert {letter.lead_id for letter in letters} == {lead(service, who[23]).id}
    assert len(letters) == (1 if system == "hubspot" else 2), "one for each object that was asked for"
    assert known(service, who) == [each for each in who if each != who[23]]
    assert paused(service, at) == set()


@pytest.mark.parametrize("status", [414, 500])
@pytest.mark.parametrize("system", SYSTEMS)
def test_one_look_up_over_which_a_crm_stumbles_is_tried_eight_times_and_holds_nobody_back(
    service: Service, sandbox: Sandbox, at: Watch, system: str, status: int
) -> None:
    who = emails(9)
    for each in who:
        person(sandbox, system, each)
    sandbox.faults.add(
        Fault(
            kind="page",
            system=system,
            path=FIND[system],
            times=0,
            status=status,
            record=who[3].split("@")[0],
            body=STUMBLED[system] if status == 500 else None,
            content_type="application/json",
        )
    )
    visit(service, at, who)
    for round_ in range(9):
        # Somebody new each time: only that others are answered shows that the CRM is there.
        drain_all(service)
        assert known(service, who) == [each for each in who if each != who[3]]
        new = f"new{round_}@acme.example"
        person(sandbox, system, new)
        at.forward(HOUR)
        visit(service, at, [new])
    letters = dead(service)
    assert letters
    assert [json.loads(letter.payload)["wishes"] for letter in letters] == [[{"email": who[3]}]] * len(letters)


@pytest.mark.parametrize("status", [414, 500])
@pytest.mark.parametrize("system", SYSTEMS)
def test_one_look_up_that_fails_with_no_other_beside_it_is_no_outage(
    service: Service, sandbox: Sandbox, at: Watch, system: str, status: int
) -> None:
    person(sandbox, system, "ana@acme.example")
    sandbox.faults.add(
        Fault(
            kind="page",
            system=system,
            path=FIND[system],
            times=0,
            status=status,
            record="ana@acme.example",
            body=STUMBLED[system] if status == 500 else None,
            content_type="application/json",
        )
    )
    visit(service, at, ["ana@acme.example"])
    for _ in range(9):
        drain_all(service)
        assert paused(service, at) == set()
        at.forward(HOUR)
    assert {(letter.stage, letter.source) for letter in dead(service)} == {("refresh", system)}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("status", [404, 500])
def test_a_crm_that_answers_nobody_is_away_and_leaves_no_letter(
    service: Service, sandbox: Sandbox, at: Watch, system: str, status: int
) -> None:
    who = emails(30)
    for each in who:
        person(sandbox, system, each)
    fault = Fault(kind="page", system=system, path="*", times=0, status=status)
    sandbox.faults.add(fault)
    visit(service, at, who)
    for _ in range(12):
        drain_all(service)
        at.forward(HOUR)
    assert dead(service) == []
    sandbox.faults.clear()
    drain_all(service)
    assert known(service, who) == who
