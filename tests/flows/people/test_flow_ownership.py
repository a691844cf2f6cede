"""Two CRMs disagree about one person: whichever arrives first, the lead stands the same, at every step."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from flows_run import Watch, activity, drain_all, lead, receive

from integration.flows.deciding.advance import advance
from integration.flows.people.record_field_changes import ReportedFields, change_leads
from integration.store.overall import merging
from integration.store.people import leads, record_references
from integration.store.people.record_references import Reference
from integration.wiring.whole_service import Service
from mappings.model.canonical import Fields
from mappings.values.instant import DAY, HOUR

EMAIL = "ana@acme.example"
FACTS: tuple[tuple[int, str, Fields], ...] = (
    (1, "salesforce:Lead:1@1", {"title": "Director of Sales", "seniority": "director", "opted_out": False}),
    (2, "hubspot:contact:1@2", {"title": "Intern", "seniority": "ic", "opted_out": True}),
    (3, "salesforce:Lead:1@3", {"opted_out": False, "phone": "1"}),
    (4, "hubspot:contact:1@4", {"opted_out": False, "phone": "2"}),
)


@pytest.mark.parametrize("order", list(permutations(range(len(FACTS)))))
def test_the_lead_stands_the_same_whatever_came_first(service: Service, at: Watch, order: Sequence[int]) -> None:
    start = at() - DAY
    receive(service, activity(1, EMAIL, "page_view", start, page="pricing"))
    drain_all(service)
    found = lead(service, EMAIL).id
    for place in order:
        hours, key, fields = FACTS[place]
        row = ReportedFields(found, start + hours * HOUR, key, fields)
        with service.store.write() as conn:
            change_leads(conn, at(), [row], owners=service.ownership.lead, reported=True)
        advance(service)
    row_now = lead(service, EMAIL)
    told: dict[str, Any] = {name: row_now.fields[name] for name in ("title", "seniority", "opted_out", "phone")}
    assert told == {"title": "Director of Sales", "seniority": "director", "opted_out": False, "phone": "1"}
    assert row_now.stage == "inquiry", "out with the second word of HubSpot's, and in again with its last"
    standing = row_now.standing or {}
    assert standing["fit"] == 15, "a director's, at every step"


def test_leads_that_become_one_are_believed_by_owner_too(service: Service, at: Watch) -> None:
    """The merge of two records sets the fields that hold now: the owner's, though the other spoke last."""
    receive(service, activity(1, EMAIL, "page_view", at() - DAY, page="pricing"))
    receive(service, activity(2, "other@acme.example", "page_view", at() - DAY, page="pricing"))
    drain_all(service)
    ids = [lead(service, email).id for email in (EMAIL, "other@acme.example")]
    owners = service.ownership.lead
    with service.store.write() as conn:
        spoken = [
            ReportedFields(ids[0], at() - 3 * HOUR, "salesforce:Lead:1@1", {"title": "VP of Sales"}),
            ReportedFields(ids[1], at() - 2 * HOUR, "hubspot:contact:2@2", {"title": "Intern"}),
        ]
        change_leads(conn, at(), spoken, owners=owners)
        record_references.link(
            conn, [Reference(connection="hubspot", object="contact", external_id="2", lead_id=ids[1])]
        )
        merging.join(conn, max(ids), min(ids), at(), owners)
        (row,) = leads.get(conn, [min(ids)])
    assert row.fields["title"] == "VP of Sales"
