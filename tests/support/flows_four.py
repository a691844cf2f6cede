"""Two HubSpots and two Salesforces in one service: the same record ids mean other people in each of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import flows_signin
from flows_crms import person
from flows_run import Watch, activity, drain_all, receive, receive_raw

from connectors.base.credentials import Credential
from integration.flows.reading import reconcile
from integration.store.db.session import Store
from integration.store.people import leads
from integration.store.people.leads import LeadRow
from integration.store.queues import inbox
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE
from sandbox.both.both_systems import PORTAL_ID
from sandbox.server import Sandbox

SYSTEM = {"salesforce": "salesforce", "sales-emea": "salesforce", "hubspot": "hubspot", "hubspot-emea": "hubspot"}
"""Connection → its system, in the order in which they are preferred."""
ACCOUNT = {
    "salesforce": "00D000000000001AAA",
    "sales-emea": "00D000000000002AAA",
    "hubspot": str(PORTAL_ID),
    "hubspot-emea": str(PORTAL_ID + 1),
}
EMAIL = {
    "salesforce": "ana@acme.example",
    "sales-emea": "bo@blue.example",
    "hubspot": "cy@cyan.example",
    "hubspot-emea": "di@dune.example",
}
"""Who is known in each connection, and in no other."""
TWIN = {"salesforce": "sales-emea", "sales-emea": "salesforce", "hubspot": "hubspot-emea", "hubspot-emea": "hubspot"}
OBJECT = {"salesforce": "Lead", "hubspot": "contact"}


@dataclass(slots=True)
class Four:
    """The service, the sandbox behind each connection, and the record of whom each connection knows."""

    service: Service
    at: Watch
    boxes: Mapping[str, Sandbox]
    records: dict[str, str]

    def look(self, rounds: int = 2) -> None:
        """Poll every connection and let everything that follows happen, some time later."""
        for _ in range(rounds):
            self.at.forward(MINUTE)
            for name in self.service.connections:
                reconcile.poll(self.service, name)
            drain_all(self.service)

    def row(self, name: str) -> LeadRow:
        """The lead whom a connection knows."""
        address = (name, OBJECT[SYSTEM[name]], self.records[name])
        with self.service.store.read() as conn:
            (found,) = leads.get(conn, leads.by_reference(conn, [address]).values())
        return found

    def value(self, name: str, salesforce: str, hubspot: str) -> Any:
        """What stands in a field of that record now."""
        if SYSTEM[name] == "salesforce":
            return self.boxes[name].salesforce.record("Lead", self.records[name]).get(salesforce)
        return self.boxes[name].hubspot.values("contacts", self.records[name]).get(hubspot)

    def change(self, name: str, salesforce: Mapping[str, Any], hubspot: Mapping[str, str]) -> None:
        """Somebody changes that record on a page of the CRM."""
        if SYSTEM[name] == "salesforce":
            self.boxes[name].salesforce.set("Lead", self.records[name], salesforce)
        else:
            self.boxes[name].hubspot.set("contacts", self.records[name], hubspot)

    def event(self, name: str, number: int, **more: Any) -> dict[str, Any]:
        """One of HubSpot's events about the contact of a connection."""
        about = {
            "subscriptionType": "contact.propertyChange",
            "occurredAt": self.at() // 1_000,
            "eventId": number,
            "portalId": int(ACCOUNT[name]),
            "objectId": int(self.records[name]),
            "changeSource": "CRM_UI",
        }
        return about | more


def message(organization: str, record: str, object_name: str = "Lead", number: int = 1, more: str = "") -> bytes:
    """An outbound message of a Salesforce organization about one record."""
    return f"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>
<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>{organization}</OrganizationId>
<Notification><Id>04l{number:012d}</Id><sObject xsi:type="sf:{object_name}" xmlns:sf="urn:s">
<sf:Id>{record}</sf:Id>{more}</sObject></Notification></notifications></e:Body></e:Envelope>""".encode()


def credential(box: Sandbox, system: str) -> Credential:
    """How one of a sandbox's CRMs is reached, with a token that does not end."""
    instance = "https://sandbox.my.salesforce.com" if system == "salesforce" else ""
    return Credential(token="x", api_url=f"{box.url}/{system}", instance_url=instance)


@contextmanager
def four(service: Service, store: Store, sandbox: Sandbox, at: Watch) -> Iterator[Four]:
    """All four connected; nobody is known to any of them yet."""
    with Sandbox(now=lambda: at() // 1_000) as other:
        other.hubspot.limits.searches = 0
        boxes = {name: other if name.endswith("-emea") else sandbox for name in SYSTEM}
        for name, system in SYSTEM.items():
            flows_signin.sign_in(store, boxes[name], system, at(), name=name, account=ACCOUNT[name])
        found = {
            name: build.connect(system, credential(boxes[name], system), name=name, account=ACCOUNT[name])
            for name, system in SYSTEM.items()
        }
        yield Four(replace(service, connections=found), at, boxes, {})
        for each in found.values():
            each.connector.close()


def people(world: Four) -> None:
    """Somebody in each connection; in the two of one system under the same record id."""
    world.look(1)
    for name, system in SYSTEM.items():
        world.records[name] = person(world.boxes[name], system, EMAIL[name])
    assert all(world.records[name] == world.records[twin] for name, twin in TWIN.items())
    world.look()


def secret(name: str) -> str:
    """What only deliveries about whom a connection knows bear."""
    return f"secret of {name} alone"


def bodies(world: Four) -> None:
    """Deliveries about everybody by record id alone, with something only they bear."""
    for number, (name, system) in enumerate(SYSTEM.items(), 50):
        bears = secret(name)
        if system == "hubspot":
            about = world.event(name, number, propertyName="city", propertyValue=bears)
            receive(world.service, about, source="hubspot")
        else:
            more = f"<sf:LastName>{bears}</sf:LastName>"
            body = message(ACCOUNT[name], world.records[name][:15], number=number, more=more)
            receive_raw(world.service, body, source="salesforce_outbound")
        named = {**activity(number, "", "page_view", world.at(), note=bears), "email": None}
        receive(world.service, named | {"lead": f"{name}:{OBJECT[system]}:{world.records[name]}"})


def here(world: Four, text: str) -> int:
    """In how many raw deliveries a text stands."""
    with world.service.store.read() as conn:
        return sum(text.encode() in body for _, _, body in inbox.bearing(conn, [text.casefold()], 0))


def accounts_of(world: Four, name: str) -> list[str]:
    try:
        row = world.row(name)
    except ValueError:
        return []
    return [row.account_id] if row.account_id else []


def lead_account(world: Four, name: str) -> str:
    with world.service.store.read() as conn:
        (row,) = leads.get(conn, leads.by_email(conn, [EMAIL[name]]).values())
    return str(row.account_id)
