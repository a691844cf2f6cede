"""A look-up that cannot succeed is set aside; the connection goes on with all others."""

import json

import pytest
from flows_crms import SYSTEMS, calls, person
from flows_run import Watch, activity, dead, drain_all, lead, receive

from integration.flows.privacy.erase_person import erase
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.replay_letters import replay
from integration.store.crm import connection_pauses
from integration.store.people import record_references
from integration.store.queues import look_ups, people_to_find, records_to_read
from integration.store.queues.records_to_read import Wanted
from integration.wiring.whole_service import Service
from mappings.values import person_names
from mappings.values.instant import HOUR
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

FIND = {"hubspot": "*/objects/contacts/batch/read", "salesforce": "*/query"}
REFUSED = {
    "hubspot": '{"status": "error", "category": "VALIDATION_ERROR", "message": "will not do", "correlationId": "c"}',
    "salesforce": '[{"errorCode": "MALFORMED_QUERY", "message": "will not do"}]',
}
STUMBLED = {
    "hubspot": '{"status": "error", "category": "INTERNAL_ERROR", "message": "internal error", "correlationId": "c"}',
    "salesforce": '[{"errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred."}]',
}


def emails(count: int, *, long: bool = False) -> list[str]:
    return [f"p{number}.{'x' * 230 if long else 'x'}@acme.example" for number in range(count)]


def visit(service: Service, at: Watch, who: list[str]) -> None:
    receive(service, *(activity(each, each, "page_view", at(), page="pricing") for each in who))


def wish(service: Service, connection: str, object_name: str | None, *ids: str) -> None:
    """Ask for these records, or (without an object) for the people who have these e-mails."""
    with service.store.write() as conn:
        if object_name is None:
            people_to_find.seek(conn, [connection], ids)
        else:
            records_to_read.want(
                conn, [Wanted(connection=connection, object=object_name, external_id=each) for each in ids]
            )


def waiting(service: Service, connection: str, at: int) -> list[look_ups.LookUp]:
    with service.store.read() as conn:
        return look_ups.take(conn, connection, at, 1_000)


def paused(service: Service, at: Watch) -> set[str]:
    with service.store.read() as conn:
        return set(connection_pauses.paused(conn, at()))


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


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_object_that_this_user_may_not_read_holds_back_no_other(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    ana = person(sandbox, system, "ana@acme.example")
    if system == "hubspot":
        deal = sandbox.hubspot.add("deals", {"dealname": "Acme"})
        sandbox.faults.add(
            Fault(kind="status", system="hubspot", path="*/deals/*", status=403, code="MISSING_SCOPES", times=0)
        )
        wish(service, system, "deal", deal)
        wish(service, system, "contact", ana)
    else:
        deal = sandbox.salesforce.add(
            "Opportunity", {"Name": "Acme", "StageName": "Prospecting", "CloseDate": "2026-03-01"}
        )
        sandbox.salesforce.hide("Opportunity")
        wish(service, system, "Opportunity", deal)
        wish(service, system, "Lead", ana)
    drain_all(service)
    assert lead(service, "ana@acme.example").email
    (letter,) = dead(service)
    assert letter.reason.startswith("deal: MISSING_SCOPES" if system == "hubspot" else "Opportunity: NOT_FOUND")
    assert paused(service, at) == set()


def test_a_company_that_is_refused_does_not_hold_back_its_people(service: Service, sandbox: Sandbox, at: Watch) -> None:
    ana = person(sandbox, "hubspot", "ana@acme.example")
    (acme,) = sandbox.hubspot.find("companies", domain="acme.example")
    sandbox.faults.add(
        Fault(
            kind="page",
            system="hubspot",
            path="*/companies/batch/read",
            times=0,
            status=400,
            record=acme.id,
            body=REFUSED["hubspot"],
            content_type="application/json",
        )
    )
    wish(service, "hubspot", "contact", ana)
    drain_all(service)
    assert lead(service, "ana@acme.example").email
    (letter,) = dead(service)
    assert json.loads(letter.payload)["wishes"] == [{"object": "company", "id": acme.id}]
    assert paused(service, at) == set()


def test_a_proxys_yes_without_records_buries_nobody(service: Service, sandbox: Sandbox, at: Watch) -> None:
    ana = person(sandbox, "hubspot", "ana@acme.example")
    wish(service, "hubspot", "contact", ana)
    drain_all(service)
    path = {"system": "hubspot", "method": "POST", "path": FIND["hubspot"]}
    before = calls(sandbox, path)
    sandbox.faults.add(
        Fault(kind="page", status=200, body='{"status": "ok"}', content_type="application/json", times=0, **path)  # type: ignore[arg-type]
    )
    wish(service, "hubspot", "contact", ana)
    drain_all(service)
    assert calls(sandbox, path) > before
    assert "hubspot" in paused(service, at)
    assert [each.external_id for each in waiting(service, "hubspot", at())] == [ana]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_whoever_is_erased_leaves_the_letters_of_look_ups_and_the_others_stay(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    ana = person(sandbox, "salesforce", "ana@acme.example")
    sandbox.salesforce.encrypt("Lead", "Email")
    visit(service, at, ["ana@acme.example", "bo@acme.example"])
    drain_all(service)
    sandbox.faults.add(
        Fault(
            kind="page",
            system="salesforce",
            path="*/composite/sobjects/Lead",
            times=0,
            status=400,
            body=REFUSED["salesforce"],
            content_type="application/json",
        )
    )
    with service.store.write() as conn:
        who = lead(service, "ana@acme.example").id
        record_references.link(
            conn, [record_references.Reference(connection="salesforce", object="Lead", external_id=ana, lead_id=who)]
        )
    wish(service, "salesforce", "Lead", ana)
    drain_all(service)
    assert len(dead(service)) == 2
    erase(service, person_names.of_email("ana@acme.example"), actor="test")
    (letter,) = dead(service)
    assert json.loads(letter.payload)["wishes"] == [{"email": "bo@acme.example"}]
    assert ana[:15] not in str(letter)
