"""One person under every spelling of an address and under every address they have; two people never as one."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from flows_crms import person
from flows_run import Watch, activity, counts, dead, history, lead, receive
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from integration.flows.history.find_explanation import found
from integration.flows.intake.ingest import ingest
from integration.flows.privacy import erase_person, export_person
from integration.flows.reading import reconcile
from integration.store.overall import erased_people, erasure_key
from integration.store.people import leads, other_emails, record_references, shared_emails
from integration.store.people.leads import LeadRow, NewLead
from integration.store.queues import look_ups
from integration.wiring.whole_service import Service
from mappings.values import emails, person_names
from mappings.values.instant import HOUR, MINUTE, SECOND
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
ANA, OTHER, THIRD = "ana@acme.example", "ana.private@elsewhere.example", "ana.old@acme.example"
UNICODE, PUNY = "ana@müller.example", "ana@xn--mller-kva.example"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Both kinds of store."""
    return str(request.param)


def _everybody(service: Service) -> list[LeadRow]:
    with service.store.read() as conn:
        ids = [row[0] for row in conn.exec_driver_sql("SELECT id FROM leads WHERE merged_into IS NULL")]
        return leads.get(conn, ids)


def _known_as(service: Service, name: str) -> str | None:
    with service.store.read() as conn:
        row = found(conn, name)
    return row.id if row else None


@pytest.mark.parametrize("database", ["sqlite"])  # the spelling is settled before the store is asked
@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
@pytest.mark.parametrize("kept", [UNICODE, PUNY, "ANA@MÜLLER.example"])
@pytest.mark.parametrize("sent", [UNICODE, PUNY, "Ana@MÜLLER.Example", " ana@mu\u0308ller.example"])
def test_a_person_is_found_in_a_crm_whatever_the_spelling_there_and_here(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, *, system: str, kept: str, sent: str
) -> None:
    person(sandbox, system, kept)
    receive(service, activity(1, sent, "demo_request", at()))
    drain_all(service)
    (row,) = _everybody(service)
    assert (row.email, row.stage) == (PUNY, "mql")
    assert row.fields["title"] == "Director of Sales", "the record was found"


def test_sharp_s_and_double_s_are_two_people(service: Service, at: Watch, drain_all: Drain) -> None:
    receive(
        service, activity(1, "straße@x.example", "page_view", at()), activity(2, "strasse@x.example", "page_view", at())
    )
    receive(
        service, activity(3, "STRAẞE@X.example", "page_view", at()), activity(4, "Strasse@x.example", "page_view", at())
    )
    drain_all(service)
    assert sorted(str(row.email) for row in _everybody(service)) == ["strasse@x.example", "straße@x.example"]


def test_what_is_no_single_address_is_a_letter_and_nobody(service: Service, at: Watch, drain_all: Drain) -> None:
    bad = ["Ana <ana@acme.example>", "mailto:ana@acme.example", f"{ANA};{OTHER}", f"{ANA}, {OTHER}", f"{ANA} {OTHER}"]
    receive(service, *(activity(number, email, "page_view", at()) for number, email in enumerate(bad)))
    drain_all(service)
    assert len(dead(service)) == len(bad)
    assert _everybody(service) == []


_ARRIVALS = ["private", "work", "contact", "salesforce"]


@pytest.mark.parametrize("first", range(4))
def test_a_further_address_of_hubspots_is_the_same_person_in_whatever_order_they_turn_up(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, first: int
) -> None:
    for step in _ARRIVALS[first:] + _ARRIVALS[:first]:
        match step:
            case "private":
                receive(service, activity("p", OTHER, "email_click", at()))
            case "work":
                receive(service, activity("w", ANA, "email_click", at()))
            case "contact":
                contact = person(sandbox, "hubspot", ANA)
                sandbox.hubspot.set("contacts", contact, {"hs_additional_emails": f"{OTHER};{THIRD}"})
            case _:
                person(sandbox, "salesforce", THIRD)
        at.forward(HOUR)
        drain_all(service)
        for name in service.connections:
            reconcile.poll(service, name)
        drain_all(service)
    (row,) = _everybody(service)
    assert len({_known_as(service, email) for email in (ANA, OTHER, THIRD)}) == 1
    receive(service, activity("q", OTHER.upper(), "email_click", at()))
    drain_all(service)
    assert [each.id for each in _everybody(service)] == [row.id]


def test_a_further_address_that_moves_to_another_contact_is_theirs_and_joins_nobody(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    first = person(sandbox, "hubspot", ANA)
    sandbox.hubspot.set("contacts", first, {"hs_additional_emails": OTHER})
    reconcile.poll(service, "hubspot")
    drain_all(service)
    at.forward(HOUR)
    sandbox.hubspot.set("contacts", first, {"hs_additional_emails": ""})
    person(sandbox, "hubspot", OTHER)
    reconcile.poll(service, "hubspot")
    drain_all(service)
    assert sorted(str(row.email) for row in _everybody(service)) == [OTHER, ANA]
    receive(service, activity(1, OTHER, "email_click", at()))
    drain_all(service)
    assert len(history(service, OTHER)) == 1
    assert history(service, ANA) == []


def test_a_record_of_the_other_crm_is_looked_for_under_further_addresses_too(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    person(sandbox, "salesforce", OTHER)
    contact = person(sandbox, "hubspot", ANA)
    sandbox.hubspot.set("contacts", contact, {"hs_additional_emails": OTHER})
    receive(service, activity(1, ANA, "email_click", at()))
    drain_all(service)
    (row,) = _everybody(service)
    with service.store.read() as conn:
        held = record_references.of_leads(conn, [row.id])[row.id]
    assert {each.connection for each in held} >= {"hubspot", "salesforce"}


def test_a_person_is_explained_exported_and_erased_by_every_address_they_ever_had(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    contact = person(sandbox, "hubspot", THIRD)
    receive(service, activity(1, THIRD, "email_click", at()))
    drain_all(service)
    at.forward(HOUR)
    sandbox.hubspot.set("contacts", contact, {"email": ANA, "hs_additional_emails": OTHER})
    reconcile.poll(service, "hubspot")
    drain_all(service)
    at.forward(HOUR)
    for name in (ANA, OTHER, THIRD, f" {THIRD.upper()} "):
        assert _known_as(service, name) == lead(service, ANA).id
        document = export_person.exported(service, person_names.of_email(name), actor="test", tell=lambda _told: None)
        assert document is not None
        assert [each["id"] for each in document["leads"]] == [lead(service, ANA).id]
    report = erase_person.erase(service, erase_person.asked_for(OTHER, service.connections), actor="test")
    assert report.leads == 1
    receive(service, *(activity(n, email, "page_view", at()) for n, email in enumerate((ANA, OTHER, THIRD), 10)))
    drain_all(service)
    assert _everybody(service) == []
    assert counts(service).dropped == 3


def test_who_was_erased_under_an_earlier_spelling_stays_erased(service: Service, at: Watch, drain_all: Drain) -> None:
    """Earlier versions hashed the case-folded address as it came."""
    with service.store.write() as conn:
        key = erasure_key.make(conn, service.keys.keyring, b"k" * erasure_key.LENGTH)
        for old in ("email:strasse@x.example", f"email:{UNICODE}", f"email:{ANA}"):
            digest = erased_people.unmarked(key, old)
            conn.exec_driver_sql(f"INSERT INTO erased (hash, person, at) VALUES ('{digest}', 'p', 0)")  # noqa: S608
    sent = ["straße@x.example", "strasse@x.example", UNICODE, PUNY, ANA]
    receive(
        service,
        *(activity(n, email, "page_view", at()) for n, email in enumerate(sent)),
        activity(9, THIRD, "page_view", at()),
    )
    drain_all(service)
    assert [row.email for row in _everybody(service)] == [THIRD]


def test_of_two_spelt_alike_once_only_the_one_who_was_erased_since_is(
    service: Service, at: Watch, drain_all: Drain
) -> None:
    receive(service, activity(1, "strasse@x.example", "page_view", at()))
    drain_all(service)
    erase_person.erase(service, person_names.of_email("strasse@x.example"), actor="test")
    receive(
        service, activity(2, "straße@x.example", "page_view", at()), activity(3, "strasse@x.example", "page_view", at())
    )
    drain_all(service)
    assert [row.email for row in _everybody(service)] == ["straße@x.example"]


def test_an_erased_address_leaves_every_text_in_every_spelling(service: Service, at: Watch, drain_all: Drain) -> None:
    receive(service, activity(1, UNICODE, "page_view", at()))
    notes = [
        f"ask {form}" for form in (UNICODE, PUNY, UNICODE.upper(), "ana@mu\u0308ller.example", "ana%40müller.example")
    ]
    receive(
        service, *(activity(n, "bob@acme.example", "form_submit", at(), note=note) for n, note in enumerate(notes, 5))
    )
    drain_all(service)
    erase_person.erase(service, person_names.of_email(PUNY), actor="test")
    with service.store.read() as conn:
        texts = [json.dumps(row[0]) for row in conn.exec_driver_sql("SELECT properties FROM activities")]
        texts += [bytes(row[0]).decode() for row in conn.exec_driver_sql("SELECT body FROM inbox")]
    assert not any("ller.example" in text.lower() or "mller-kva" in text for text in texts), texts


def test_leads_that_come_to_share_an_address_are_joined_by_the_ordinary_flow(
    service: Service, at: Watch, drain_all: Drain
) -> None:
    receive(service, activity(1, ANA, "email_click", at()), activity(2, THIRD, "email_reply", at() - MINUTE))
    drain_all(service)
    young = lead(service, THIRD).id
    with service.store.write() as conn:
        conn.exec_driver_sql(f"UPDATE leads SET email = '{ANA}' WHERE id = '{young}'")  # noqa: S608
        shared_emails.want(conn, 0)
    drain_all(service)
    (row,) = _everybody(service)
    with service.store.read() as conn:
        assert not shared_emails.waiting(conn)
        assert other_emails.whose(conn, [ANA]) == {ANA: row.id}
    assert row.total is not None
    assert row.total > 0


def test_a_domain_is_one_account_in_both_spellings(service: Service, at: Watch, drain_all: Drain) -> None:
    spellings = ["müller.example", "xn--mller-kva.example", "https://www.MÜLLER.example/about"]
    receive(
        service,
        *(activity(n, f"p{n}@x.example", "page_view", at()) | {"account": name} for n, name in enumerate(spellings)),
    )
    drain_all(service)
    assert len({row.account_id for row in _everybody(service)}) == 1


@given(
    sent=st.lists(
        st.sampled_from(
            [UNICODE, PUNY, "ANA@müller.EXAMPLE", "straße@x.example", "strasse@x.example", "Straße@x.example"]
        ),
        min_size=1,
        max_size=8,
    ),
    cut=st.integers(1, 8),
)
@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_who_is_known_does_not_depend_on_order_or_batches(
    service: Service, at: Watch, sent: list[str], cut: int
) -> None:
    with service.store.write() as conn:
        conn.exec_driver_sql("DELETE FROM leads")
        conn.exec_driver_sql("DELETE FROM crm_references")
        conn.exec_driver_sql("DELETE FROM other_emails")
        conn.exec_driver_sql("DELETE FROM activities")
    for start in range(0, len(sent), cut):
        receive(
            service, *(activity(start + n, each, "page_view", at()) for n, each in enumerate(sent[start : start + cut]))
        )
        ingest(service)
    assert {row.email for row in _everybody(service)} == {emails.normal(each) for each in sent}
    assert len(_everybody(service)) == len({emails.normal(each) for each in sent})


def test_a_look_up_asks_for_every_spelling_and_waits_until_all_are_answered(service: Service, at: Watch) -> None:
    receive(service, activity(1, UNICODE, "demo_request", at()))
    ingest(service)
    with service.store.read() as conn:
        wished: list[Any] = [
            each for name in service.connections for each in look_ups.take(conn, name, at() + SECOND, 10)
        ]
    assert [each.email for each in wished] == [PUNY, PUNY]


def test_two_new_leads_of_one_address_in_two_spellings_never_stand_side_by_side(service: Service) -> None:
    with service.store.write() as conn:
        leads.add(conn, [NewLead(id="one", email=emails.normal(UNICODE), fields={}, created_at=1)])
        assert leads.by_email(conn, [str(emails.normal(PUNY))]) == {PUNY: "one"}
