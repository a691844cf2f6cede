"""A person of whom the service knows everything there is to know, and whose every trace is a canary."""

from typing import Any

from flows_crms import FIELDS, person
from flows_run import Watch, activity, drain_all, lead, receive, receive_raw

from integration.flows.reading import reconcile
from integration.store.queues import people_to_find
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

ANA, OLD, BOB = "ana.canary@acme.example", "old.canary@acme.example", "bob@acme.example"
OTHER = "private.canary@elsewhere.example"
NAMES = ("Anacanaria", "Silvacanaria", "+44 7700 900123")


def known_in_both(sandbox: Sandbox) -> tuple[str, str]:
    """Ana in HubSpot and in Salesforce, with everything that is personal about her."""
    contact, record = person(sandbox, "hubspot", ANA), person(sandbox, "salesforce", ANA)
    first, last, phone = NAMES
    sandbox.hubspot.set("contacts", contact, {"firstname": first, "lastname": last, "phone": phone})
    sandbox.salesforce.set("Lead", record, {"FirstName": first, "LastName": last, "Phone": phone})
    return contact, record


def event(contact: str, kind: str, number: int, at: Watch, **more: object) -> dict[str, Any]:
    about = {"subscriptionType": f"contact.{kind}", "occurredAt": at() // 1000, "eventId": number, "portalId": 1}
    return {**about, "objectId": int(contact), **more}


def changed(contact: str, number: int, at: Watch, name: str, value: str) -> dict[str, Any]:
    return event(contact, "propertyChange", number, at, propertyName=name, propertyValue=value)


def live(service: Service, sandbox: Sandbox, at: Watch) -> tuple[str, str]:
    """Ana has been known for a while in every way there is; Bob is a colleague who shares her deliveries.

    Answers the ids of her HubSpot contact and her Salesforce lead.
    """
    contact, record = known_in_both(sandbox)
    person(sandbox, "hubspot", BOB)
    receive(service, activity(8, OTHER, "email_click", at()))
    drain_all(service)
    sandbox.hubspot.set("contacts", contact, {"hs_additional_emails": OTHER})
    at.forward(DAY)
    receive(service, changed(contact, 1, at, "email", OLD), source="hubspot")
    drain_all(service)
    at.forward(HOUR)
    receive(
        service, changed(contact, 2, at, "email", ANA), changed(contact, 3, at, "phone", NAMES[2]), source="hubspot"
    )
    receive(service, *shared_views(at()))
    receive(service, activity(9, BOB, "form_submit", at(), form="contact", note=f"ask {ANA.upper()}, mailto:{ANA}?x=1"))
    receive(service, {**activity(10, ANA, "email_click", at()), "lead": "cust-canary-7"})
    receive(service, {**activity(12, "", "email_click", at()), "email": None, "lead": "cust-canary-7"})
    receive(
        service, {"id": "bad1", "type": "x", "at": "never", "email": ANA}, {"id": "bad2", "type": "x", "email": BOB}
    )
    receive_raw(service, f'{{"activities": "{ANA}"'.encode())
    drain_all(service)
    receive(service, activity(11, ANA, "demo_request", at(), note="\u00e4 \u0040 ok"))
    words = f"A contact with the email {ANA} exists"
    sandbox.faults.add(Fault(kind="record_error", code="INVALID_EMAIL", message=words, **FIELDS["hubspot"]))
    drain_all(service)
    reconcile.poll(service, "hubspot")
    reconcile.poll(service, "salesforce")
    drain_all(service)
    with service.store.write() as conn:
        people_to_find.seek(conn, ["hubspot"], [ANA])
    assert lead(service, ANA).stage == "mql"
    return contact, record


def shared_views(now: int) -> list[dict[str, Any]]:
    """Ana and Bob look at a document; whoever sends this makes ids of addresses."""
    return [
        activity(f"{n}-{ANA}", who.upper(), "document_view", now - n * MINUTE, document="offer", viewer=ANA)
        for n, who in enumerate((ANA, BOB, ANA, BOB))
    ]


def canaries(contact: str, record: str) -> tuple[str, ...]:
    return (ANA, OLD, OTHER, *NAMES, "cust-canary-7", record, f"contact:{contact}", f'"objectid": {contact}')
