"""Somebody who was known by a sender's own id alone says who they are: what they did before counts for their lead."""

from typing import Any

import pytest
from flows_run import drain_all, history, lead, receive
from sqlalchemy import func, select

from integration.flows.privacy import erase_person
from integration.store.people import leads
from integration.store.schema.tables import leads as table
from integration.wiring.whole_service import Service
from sandbox.server import Sandbox

VISITOR = "c0ffee00c0ffee00"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def did(number: str, **who: str) -> dict[str, Any]:
    return {"id": number, "type": "page_view", "at": "2026-01-06T08:00:00Z", "properties": {"page": "pricing"}} | who


def alive(service: Service) -> int:
    with service.store.read() as conn:
        return int(conn.execute(select(func.count()).where(table.c.merged_into.is_(None))).scalar_one())


def named(service: Service, visitor: str) -> str:
    with service.store.read() as conn:
        found = leads.by_reference(conn, [("activities", "lead", visitor)])
        return leads.get(conn, [*found.values()])[0].email or ""


@pytest.mark.parametrize("together", [False, True])
def test_whoever_is_nobodys_lead_yet_gets_one_with_everything_they_did(
    service: Service, sandbox: Sandbox, *, together: bool
) -> None:
    sandbox.hubspot.add("contacts", {"email": "ana@acme.example", "firstname": "Ana"})
    before, after = did("a", lead=VISITOR), did("b", lead=VISITOR, email="Ana@acme.example")
    for items in [[before, after]] if together else [[before], [after]]:
        receive(service, *items)
        drain_all(service)
    assert (alive(service), lead(service, "ana@acme.example").fields["email"]) == (1, "ana@acme.example")
    assert {each.key for each in history(service, "ana@acme.example")} == {"activities:a", "activities:b"}
    assert lead(service, "ana@acme.example").fields["first_name"] == "Ana", "the CRMs are asked for the record"


@pytest.mark.parametrize("together", [False, True])
def test_whoever_is_known_already_gets_what_they_did_before(service: Service, *, together: bool) -> None:
    receive(service, did("known", email="ana@acme.example"))
    drain_all(service)
    before, after = did("a", lead=VISITOR), did("b", lead=VISITOR, email="ana@acme.example")
    for items in [[before, after]] if together else [[before], [after]]:
        receive(service, *items)
        drain_all(service)
    assert alive(service) == 1
    assert {each.key for each in history(service, "ana@acme.example")} == {
        f"activities:{n}" for n in ("known", "a", "b")
    }
    receive(service, did("later", lead=VISITOR))
    drain_all(service)
    assert len(history(service, "ana@acme.example")) == 4


def test_a_visitor_who_came_before_the_lead_was_known_is_joined_to_it(service: Service) -> None:
    for items in (
        did("a", lead=VISITOR),
        did("known", email="ana@acme.example"),
        did("b", lead=VISITOR, email="ana@acme.example"),
    ):
        receive(service, items)
        drain_all(service)
    assert alive(service) == 1
    assert len(history(service, "ana@acme.example")) == 3


def test_two_browsers_of_one_person_are_one_lead(service: Service) -> None:
    for visitor in ("first-browser-0001", "second-browser-02"):
        receive(service, did(f"{visitor}a", lead=visitor))
        drain_all(service)
        receive(service, did(f"{visitor}b", lead=visitor, email="ana@acme.example"))
        drain_all(service)
    assert alive(service) == 1
    assert len(history(service, "ana@acme.example")) == 4


def test_whoever_has_an_address_is_neither_renamed_nor_joined_by_another_one(service: Service) -> None:
    receive(service, did("b", email="bob@acme.example"))
    receive(service, did("a", lead=VISITOR, email="ana@acme.example"))
    drain_all(service)
    receive(service, did("c", lead=VISITOR, email="bob@acme.example"))
    drain_all(service)
    assert alive(service) == 2
    assert named(service, VISITOR) == "ana@acme.example"


def test_a_crms_record_is_not_given_an_address_by_a_sender(service: Service, sandbox: Sandbox) -> None:
    number = sandbox.hubspot.add("contacts", {"jobtitle": "Director"})
    receive(service, did("a", lead=f"hubspot:contact:{number}"))
    drain_all(service)
    receive(service, did("b", lead=f"hubspot:contact:{number}", email="eve@evil.example"))
    drain_all(service)
    with service.store.read() as conn:
        assert leads.by_email(conn, ["eve@evil.example"]) == {}


def test_a_visitor_of_the_website_is_introduced_in_the_same_way(service: Service) -> None:
    receive(service, did("known", email="ana@acme.example"))
    for items in (did("a", lead=VISITOR), did("b", lead=VISITOR, email="ana@acme.example"), did("c", lead=VISITOR)):
        receive(service, items, source="website")
        drain_all(service)
    assert alive(service) == 1
    assert len(history(service, "ana@acme.example")) == 4


def test_the_browser_of_somebody_who_was_erased_goes_on_sending_and_makes_nobody(service: Service) -> None:
    receive(service, did("a", lead=VISITOR, email="ana@acme.example"), source="website")
    drain_all(service)
    erase_person.erase(service, "email:ana@acme.example", actor="test")
    drain_all(service)
    for items in (did("b", lead=VISITOR), did("c", lead=VISITOR, email="ana@acme.example")):
        receive(service, items, source="website")
        drain_all(service)
    assert alive(service) == 0
