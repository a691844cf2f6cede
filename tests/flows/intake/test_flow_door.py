"""Bounds of what comes in: wrong clocks, endless names, words that nobody knows; the neighbours go on."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from flows_crms import person
from flows_run import Watch, activity, counts, dead, decided, history, lead, receive

from connectors.base.port import Record
from integration.flows.intake.ingest import ingest
from integration.flows.reading import reconcile
from integration.flows.reading.store_records import store_records
from integration.flows.upkeep.replay_letters import replay
from integration.store.db.session import serialise
from integration.store.events import unrecognised_words
from integration.store.events.unrecognised_words import Word
from integration.store.people import leads
from integration.store.progress.poll_progress import Mark
from integration.store.queues import records_to_read
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, SECOND, parse, show
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
EMAIL = "ana@acme.example"
OTHERS = [f"p{number}@acme.example" for number in range(20)]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Both kinds of store."""
    return str(request.param)


def _neighbours(at: Watch) -> list[dict[str, Any]]:
    return [activity(f"n{number}", email, "demo_request", at()) for number, email in enumerate(OTHERS)]


def _all_decided(service: Service) -> bool:
    return all(lead(service, email).stage == "mql" for email in OTHERS)


def _read(service: Service, connection: str, *records: Record) -> None:
    with service.store.write() as conn:
        serialise(conn, "people")
        store_records(conn, service, service.connections[connection], records, asked_at=service.now())


def test_a_wrong_clock_becomes_a_letter_and_the_rest_of_the_delivery_is_decided(
    service: Service, at: Watch, drain_all: Drain
) -> None:
    wrong = ["1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z", show(at() + DAY + SECOND), "9999-12-31T23:59:59Z"]
    items = [activity(number, EMAIL, "demo_request", at()) | {"at": when} for number, when in enumerate(wrong)]
    receive(service, *items, *_neighbours(at), activity("ahead", EMAIL, "page_view", at() + 23 * HOUR, page="pricing"))
    at.forward(30 * SECOND)
    drain_all(service)
    assert _all_decided(service)
    told = dead(service)
    assert len(told) == 4
    assert all("wrong clock" in letter.reason for letter in told)
    assert [each.key for each in history(service, EMAIL)] == ["activities:aahead"], "a day ahead is kept"


def test_names_without_end_become_letters_and_stop_nobody(service: Service, at: Watch, drain_all: Drain) -> None:
    poison: list[dict[str, Any]] = [
        activity("9" * 4_000, EMAIL, "page_view", at()),
        activity(1, "", "page_view", at()) | {"email": None, "lead": "9" * 4_000},
        activity(2, "", "page_view", at()) | {"email": None, "lead": int("9" * 4_000)},
        activity(3, EMAIL, "page_view", at()) | {"account": "9" * 4_000},
        activity(4, "x" * 6_000 + "@acme.example", "page_view", at()),
        activity(5, EMAIL, "x" * 4_000, at()),
        activity(6, EMAIL, "page_view", at(), **{"x" * 4_000: 1}),
        activity(7, EMAIL, "page_view", at(), url="x" * 20_000),
    ]
    receive(service, *poison, *_neighbours(at))
    receive(
        service,
        activity(8, EMAIL, "page_view", at(), n=10**400, m=2**64),
        activity(9, "ü" * 100 + "@x.example", "page_view", at()),
    )
    drain_all(service)
    assert _all_decided(service)
    assert len(dead(service)) == len(poison)
    assert history(service, EMAIL)[0].properties == {"n": str(10**400), "m": str(2**64)}


def test_an_address_without_end_in_a_crm_becomes_a_letter_and_its_record_is_kept(
    service: Service,
) -> None:
    hubspot, salesforce = "301448210001", "00Q5g00000AbCdEEAV"
    for endless in ("x" * 6_000 + "@acme.example", "Ana <ana@acme.example>", "ana@acme.example; bo@acme.example"):
        fields = {"email": endless, "firstname": "Ana", "website": "https://" + "x" * 5_000 + ".example"}
        _read(service, "hubspot", Record(object="contact", id=hubspot, fields=fields))
        fields = {"Email": endless, "FirstName": "Ana", "Company": "y" * 5_000}
        _read(service, "salesforce", Record(object="Lead", id=salesforce, fields=fields))
    told = dead(service)
    assert len(told) == 6
    assert {letter.ref for letter in told} == {f"contact:{hubspot}", f"Lead:{salesforce}"}
    assert all("holds no e-mail address: " in letter.reason for letter in told)
    with service.store.read() as conn:
        known = leads.by_reference(conn, [("hubspot", "contact", hubspot), ("salesforce", "Lead", salesforce)])
        rows = leads.get(conn, known.values())
    assert [(row.email, row.fields["first_name"]) for row in rows] == [(None, "Ana"), (None, "Ana")]
    assert {letter.lead_id for letter in told} == {row.id for row in rows}


def test_a_fault_of_a_record_is_one_letter_until_that_is_replayed(service: Service, at: Watch) -> None:
    record = Record(object="contact", id="301448210001", fields={"email": "n/a"}, modified_at=at())
    for _ in range(3):
        _read(service, "hubspot", record)
    (letter,) = dead(service)
    assert replay(service, [letter.id], actor="test", now=at()) == {letter.id}
    with service.store.read() as conn:
        assert [(each.object, each.external_id) for each in records_to_read.take(conn, "hubspot", at(), 10)] == [
            ("contact", record.id)
        ]
    _read(service, "hubspot", record)
    assert len(dead(service)) == 1


def test_a_crms_record_of_something_done_at_an_impossible_time_is_a_letter_and_others_count(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    contact = person(sandbox, "hubspot", EMAIL)
    for when in ("1970-01-01T00:00:00Z", show(at() - HOUR)):
        values = {"hs_timestamp": when, "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7"}
        call = sandbox.hubspot.add("calls", values)
        sandbox.hubspot.link("calls", call, "contacts", contact)
    for _ in range(3):
        reconcile.poll(service, "hubspot")
        drain_all(service)
        at.forward(HOUR)
    (letter,) = dead(service)
    assert letter.reason == "call_attempt: wrong clock: dated 1970-01-01T00:00:00Z, before the year 2000"
    assert [each.at for each in history(service, EMAIL)] == [parse("2026-01-06T08:00:00Z")]


def test_a_record_of_the_future_or_of_before_2000_is_read_and_polls_go_on(
    service: Service, at: Watch, drain_all: Drain
) -> None:
    for key, when in (("301448210001", parse("1970-01-01T00:00:00Z")), ("301448210002", parse("2126-01-01T00:00:00Z"))):
        fields = {"email": f"p{key}@acme.example", "jobtitle": "CEO"}
        _read(service, "hubspot", Record(object="contact", id=key, fields=fields, created_at=when, modified_at=when))
        changed = fields | {"jobtitle": "CTO"}
        _read(
            service, "hubspot", Record(object="contact", id=key, fields=changed, created_at=when, modified_at=at() + 1)
        )
    drain_all(service)
    for key in ("301448210001", "301448210002"):
        row = lead(service, f"p{key}@acme.example")
        assert row.fields["title"] == "CTO"
    page = reconcile.Page(records=(Record(object="contact", id="1", fields={}, modified_at=at() + 365 * DAY),))
    mark = Mark(newest=at() - HOUR, grown_at=at(), began_at=at())
    assert reconcile.moved(mark, page, at()).newest == at() - HOUR, "nothing that changes meanwhile is passed over"


def test_an_event_of_hubspots_with_a_wrong_clock_is_a_letter_and_the_record_is_read(
    service: Service, sandbox: Sandbox, drain_all: Drain
) -> None:
    contact = person(sandbox, "hubspot", EMAIL)
    event = {"subscriptionType": "contact.propertyChange", "occurredAt": 0, "eventId": 1, "objectId": int(contact)}
    told = {"propertyName": "email", "propertyValue": "wrong@acme.example"}
    receive(service, event | told, source="hubspot")
    drain_all(service)
    assert ["wrong clock" in letter.reason for letter in dead(service)] == [True]
    assert lead(service, EMAIL).fields["title"] == "Director of Sales"


def test_values_are_kept_as_sent_and_read_as_mapped_fields(service: Service, at: Watch, drain_all: Drain) -> None:
    receive(service, activity(1, EMAIL, "demo_request", at()))
    at.forward(30 * SECOND)
    drain_all(service)
    at.forward(HOUR)
    receive(service, activity(2, EMAIL, "call_attempt", at(), outcome="CONNECTED"))
    drain_all(service)
    assert lead(service, EMAIL).stage == "sal"
    at.forward(HOUR)
    receive(service, activity(3, EMAIL, "sales_rejected", at(), reason=" Bad Data "))
    drain_all(service)
    row = lead(service, EMAIL)
    assert row.stage == "recycled"
    assert row.standing is not None
    assert row.standing["recycle_reason"] == "bad_data"
    assert [each.properties for each in history(service, EMAIL)] == [
        {},
        {"outcome": "CONNECTED"},
        {"reason": " Bad Data "},
    ]


def test_words_that_mean_nothing_are_counted_and_their_activities_are_stored_as_sent(
    service: Service, at: Watch, drain_all: Drain
) -> None:
    receive(
        service,
        activity(1, EMAIL, "pageview", at(), page="pricing"),
        activity(2, EMAIL, "call_attempt", at(), outcome="conected"),
        activity(3, EMAIL, "webinar_attend", at(), minuts=45, minutes="45 min"),
        activity(4, EMAIL, "page_view", at()) | {"properties": None},
    )
    receive(service, activity(5, EMAIL, "pageview", at()))
    drain_all(service)
    assert dead(service) == []
    assert len(history(service, EMAIL)) == 5
    assert {each.properties.get("outcome") for each in history(service, EMAIL)} == {None, "conected"}
    with service.store.read() as conn:
        found = {seen.word: seen.times for seen in unrecognised_words.oftenest(conn, 10)}
    assert found == {
        Word("type", "", "pageview"): 2,
        Word("value", "call_attempt.outcome", "conected"): 1,
        Word("value", "webinar_attend.minutes", "45 min"): 1,
        Word("property", "webinar_attend", "minuts"): 1,
    }
    assert counts(service).unrecognised == {"type": 2, "value": 2, "property": 1}


def test_a_delivery_of_nothing_but_unknown_words_is_ingested_in_one_go(service: Service, at: Watch) -> None:
    receive(service, *(activity(number, EMAIL, f"type{number}", at(), **{f"p{number}": 1}) for number in range(900)))
    assert ingest(service) == 1
    with service.store.read() as conn:
        assert sum(seen.times for seen in unrecognised_words.oftenest(conn, 2_000, ["type"])) == 900
    assert decided(service, EMAIL, "task") == []


def test_an_id_without_end_in_a_crm_is_a_letter_and_its_neighbours_are_read(service: Service) -> None:
    deal_of = (("contact", "9" * 4_000), ("contact", "301448210002"))
    _read(
        service,
        "hubspot",
        Record(object="contact", id="9" * 4_000, fields={"email": "x@acme.example"}),
        Record(object="contact", id="301448210002", fields={"email": EMAIL, "associatedcompanyid": "8" * 4_000}),
        Record(object="deal", id="7" * 4_000, fields={}, people=deal_of),
        Record(object="deal", id="321448210002", fields={"amount": "9" * 4_000}, people=deal_of),
    )
    assert sorted(letter.ref for letter in dead(service)) == [f"contact:{'9' * 40}", f"deal:{'7' * 40}"]
    assert lead(service, EMAIL).fields["email"] == EMAIL
    assert [each.type for each in history(service, EMAIL)] == ["opportunity_created"]
