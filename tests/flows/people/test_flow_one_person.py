"""One person in HubSpot and Salesforce: one lead, one score and one task, whatever happens to the records."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
from flows_crms import engagement, person
from flows_run import Watch, activity, counts, drain_all, receive

from integration.core.model.state import newborn
from integration.core.run.apply_events import advance as fold
from integration.flows.history import load_events
from integration.flows.history.find_explanation import explained
from integration.flows.reading import reconcile
from integration.store.events import activities
from integration.store.people import leads, record_references
from integration.store.people.leads import LeadRow
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
ANA, ALIAS, MARRIED = "ana@acme.example", "a.silva@acme.example", "ana.costa@acme.example"


@dataclass(slots=True)
class Story:
    """The person's story as the CRMs and the senders tell it; `check` after every chapter."""

    service: Service
    sandbox: Sandbox
    at: Watch
    told: set[str] = field(default_factory=set)

    def hears(self, email: str, kind: str, **more: Any) -> None:
        """She does something under this address."""
        number = len(self.told) + 1
        self.told.add(f"activities:a{number}")
        receive(self.service, activity(number, email, kind, self.at() - MINUTE, **more))

    def passes(self) -> None:
        """Time enough for webhooks to come, for both polls to look, and for everything that follows."""
        for _ in range(2):
            self.at.forward(HOUR)
            assert self.sandbox.drain()
            for name in self.service.connections:
                reconcile.poll(self.service, name)
            drain_all(self.service)
            assert self.sandbox.drain()
            drain_all(self.service)

    def everybody(self) -> list[LeadRow]:
        with self.service.store.read() as conn:
            ids = [row[0] for row in conn.exec_driver_sql("SELECT id FROM leads WHERE merged_into IS NULL")]
            return leads.get(conn, ids)

    def check(self, *, hubspot: str = "", contact: str = "", lead: str = "") -> LeadRow:
        """One lead, one ledger with all that she did, one score in every CRM that has her, one task with sales."""
        self.passes()
        (row,) = self.everybody()
        with self.service.store.read() as conn:
            events = load_events.whole(conn, [row])[row.id]
            held = {each.key for each in activities.history(conn, [row.id]) if not each.derived}
        assert held == self.told, "nothing is lost, and nothing counts twice"
        decision = fold(self.service.rules.compiled, newborn(row.id), events, self.service.now())
        assert sum(line.points for line in decision.lines) // 1000 == row.total, "the ledger sums to the score"
        found = explained(self.service.store, self.service.rules.compiled, row.id, self.service.now())
        assert found is not None
        assert found[1].standing.total == row.total
        standing = (row.standing or {})["engagement"]
        if hubspot:
            assert engagement(self.sandbox, "hubspot", hubspot) == standing
        if contact:
            assert self.sandbox.salesforce.record("Contact", contact)["Coldframe_Engagement__c"] == standing
        if lead:
            assert engagement(self.sandbox, "salesforce", lead) == standing
        handoffs = [task for task in sales_desk.tasks(self.sandbox) if "/handoff/" in task.key]
        assert [(task.system, task.open) for task in handoffs] == [("salesforce", True)], "one task, where sales works"
        assert counts(self.service).dirty == 0
        return row


@pytest.fixture(params=["told by webhooks and polls", "found by polls alone"])
def story(service: Service, sandbox: Sandbox, at: Watch, request: pytest.FixtureRequest) -> Story:
    if "webhooks" in str(request.param):
        request.getfixturevalue("webhooks")
    return Story(service, sandbox, at)


def known(story: Story) -> tuple[str, str]:
    """In HubSpot and, as a lead, in Salesforce; she asked for a demo. The ids of her contact and of her lead."""
    contact, lead = person(story.sandbox, "hubspot", ANA), person(story.sandbox, "salesforce", ANA)
    story.passes()
    story.hears(ANA, "page_view", page="pricing")
    story.hears(ANA, "demo_request")
    return contact, lead


def test_one_person_stays_one_through_conversion_merge_and_change_of_address(story: Story) -> None:
    box = story.sandbox
    in_hubspot, as_lead = known(story)
    first = story.check(hubspot=in_hubspot, lead=as_lead)
    assert first.stage == "mql"

    box.salesforce.convert(as_lead)
    story.hears(ANA, "email_click")
    story.passes()
    (contact,) = (str(each["Id"]) for each in box.salesforce.records("Contact"))
    assert story.check(hubspot=in_hubspot, contact=contact).id == first.id

    other = person(box, "hubspot", ALIAS)
    story.passes()
    story.hears(ALIAS, "email_click")
    story.passes()
    assert len(story.everybody()) == 2
    box.hubspot.merge("contacts", in_hubspot, other)
    assert story.check(hubspot=in_hubspot, contact=contact).id == first.id

    box.hubspot.set("contacts", in_hubspot, {"email": MARRIED})
    story.check(hubspot=in_hubspot, contact=contact)
    box.salesforce.set("Contact", contact, {"Email": MARRIED})
    for email in (ANA, ALIAS.upper(), MARRIED):
        story.hears(email, "email_click")
    row = story.check(hubspot=in_hubspot, contact=contact)
    assert (row.id, row.email) == (first.id, MARRIED)
    assert {each.key.partition("/")[0] for each in sales_desk.tasks(box)} == {first.id}


def test_one_person_stays_one_through_deletion_and_coming_back(story: Story) -> None:
    box = story.sandbox
    in_hubspot, as_lead = known(story)
    first = story.check(hubspot=in_hubspot, lead=as_lead)

    box.hubspot.delete("contacts", in_hubspot)
    story.hears(ANA, "email_click")
    assert story.check(lead=as_lead).id == first.id
    box.hubspot.restore("contacts", in_hubspot)
    box.hubspot.set("contacts", in_hubspot, {"phone": "1"})
    story.hears(ANA, "email_click")
    assert story.check(hubspot=in_hubspot, lead=as_lead).id == first.id

    box.salesforce.delete("Lead", as_lead)
    story.passes()
    story.hears(ANA, "email_click")
    assert story.check(hubspot=in_hubspot).id == first.id
    box.salesforce.undelete("Lead", as_lead)
    story.hears(ANA, "email_click")
    assert story.check(hubspot=in_hubspot, lead=as_lead).id == first.id


def test_several_records_with_one_address_are_one_person_with_one_task(story: Story) -> None:
    box = story.sandbox
    in_hubspot, as_lead = known(story)
    story.check(hubspot=in_hubspot, lead=as_lead)
    for name in ("Silva", "da Silva"):
        box.salesforce.add("Lead", {"LastName": name, "Company": "Acme", "Email": ANA.upper()})
    story.hears(ANA, "email_click")
    row = story.check(hubspot=in_hubspot)
    with story.service.store.read() as conn:
        those = record_references.of_leads(conn, [row.id])[row.id]
    assert len([each for each in those if (each.connection, each.object) == ("salesforce", "Lead")]) == 3


def test_a_record_without_an_address_is_somebody_until_it_has_one(story: Story) -> None:
    box = story.sandbox
    in_hubspot, as_lead = known(story)
    first = story.check(hubspot=in_hubspot, lead=as_lead)
    nameless = box.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme"})
    story.passes()
    assert len(story.everybody()) == 2, "never joined by name"
    box.salesforce.set("Lead", nameless, {"Email": ANA})
    assert story.check(hubspot=in_hubspot).id == first.id


def test_a_webhook_that_tells_an_address_before_the_record_is_read_joins_as_well(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    """What she does under her new address comes in one batch with the news of it."""
    story = Story(service, sandbox, at)
    in_hubspot, as_lead = known(story)
    first = story.check(hubspot=in_hubspot, lead=as_lead)
    about = {"subscriptionType": "contact.propertyChange", "occurredAt": at() // 1000, "eventId": 5, "portalId": 1}
    news = {**about, "objectId": int(in_hubspot), "propertyName": "email", "propertyValue": MARRIED}
    sandbox.hubspot.set("contacts", in_hubspot, {"email": MARRIED})
    story.hears(MARRIED, "email_click")
    receive(service, news, source="hubspot")
    drain_all(service)
    at.forward(DAY)
    row = story.check(hubspot=in_hubspot, lead=as_lead)
    assert (row.id, row.email) == (first.id, MARRIED)


@pytest.mark.parametrize("told_by", ["poll", "webhook"])
def test_whose_e_mail_changes_in_one_crm_is_looked_for_under_the_new_one_in_the_other(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, told_by: str
) -> None:
    contact, lead = person(sandbox, "hubspot", ANA), person(sandbox, "salesforce", MARRIED)
    receive(service, activity(1, ANA, "email_click", at()))
    drain_all(service)
    with service.store.read() as conn:
        assert not leads.by_reference(conn, [("salesforce", "Lead", lead)])
    at.forward(DAY)  # Salesforce's poll does not tell of a record that nobody touched
    sandbox.hubspot.set("contacts", contact, {"email": MARRIED})
    if told_by == "poll":
        reconcile.poll(service, "hubspot")
    else:
        about = {"subscriptionType": "contact.propertyChange", "occurredAt": at() // 1_000, "eventId": 1, "portalId": 1}
        news = {**about, "objectId": int(contact), "propertyName": "email", "propertyValue": MARRIED}
        receive(service, news, source="hubspot")
    drain_all(service)
    with service.store.read() as conn:
        found = leads.by_reference(conn, [("hubspot", "contact", contact), ("salesforce", "Lead", lead)])
    assert (len(found), len(set(found.values()))) == (2, 1), "one person, whom both CRMs know"
