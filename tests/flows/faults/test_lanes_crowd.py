"""A crowd of others is decided, written and delivered while one lead cannot be processed: `make crowd` for 10,000."""

import pytest
from flows_crms import OWNER, tasks
from flows_poison_world import EVE, FAR
from flows_run import Watch, counts, dead, drain_all

from integration.flows.deciding.advance import advance
from integration.flows.reading.refresh import read_records
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.people import leads, record_references
from integration.store.people.leads import NewLead
from integration.store.people.record_references import Reference
from integration.store.queues import dirty, records_to_read
from integration.store.queues.records_to_read import Wanted
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE, SECOND
from sandbox.server import Sandbox


@pytest.fixture
def crowd(request: pytest.FixtureRequest) -> int:
    """How many others there are: more than two batches."""
    return int(request.config.getoption("--crowd"))


def test_all_others_are_decided_written_and_delivered(
    service: Service, sandbox: Sandbox, at: Watch, crowd: int
) -> None:
    now, asking = service.now(), crowd // 100
    emails = [EVE, *(f"p{number}@crowd.example" for number in range(crowd))]
    records = {email: sandbox.hubspot.add("contacts", {"email": email, "hubspot_owner_id": OWNER}) for email in emails}
    with service.store.write() as conn:
        leads.add(conn, [NewLead(id=email, email=email, fields={}, created_at=now) for email in emails])
        record_references.link(
            conn,
            [
                Reference(connection="hubspot", object="contact", external_id=records[each], lead_id=each)
                for each in emails
            ],
        )
        records_to_read.want(
            conn, [Wanted(connection="hubspot", object="contact", external_id=records[each]) for each in emails]
        )
        dirty.mark(conn, emails, now)
        activities.keep(conn, [_deed(email, now, asks=number <= asking) for number, email in enumerate(emails)])
    read_records(service, "hubspot")
    while advance(service):
        pass
    found = counts(service)
    assert found.leads_by_stage == {"": 1, "inquiry": crowd - asking, "mql": asking}
    assert found.dirty == 0
    for _ in range(3):  # stages wait until the CRM has been read
        drain_all(service)
        at.forward(MINUTE)
    written = counts(service).outbox
    assert written["hubspot", "fields", "sent"] == crowd
    assert ("hubspot", "fields", "new") not in written
    assert sum("/handoff/" in key for key in tasks(sandbox, "hubspot")) == asking
    scores = sandbox.hubspot.records("contacts")
    assert sum(record.values.get("coldframe_engagement") is not None for record in scores) == crowd
    (letter,) = dead(service)
    assert letter.lead_id == EVE
    assert counts(service).set_aside == {"advance": 1}


def _deed(lead: str, now: int, *, asks: bool) -> NewActivity:
    """Everybody has looked at prices; some ask for a demo, one of them at a time that no calendar has."""
    return NewActivity(
        key=f"activities:{lead}",
        lead_id=lead,
        at=FAR if lead == EVE else now - SECOND,
        type="demo_request" if asks else "page_view",
        properties={} if asks else {"page": "pricing"},
        source="activities",
    )
