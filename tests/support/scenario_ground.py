"""One lead's way through the whole service, day by day: signed webhooks, the CRM where sales works, and its desk.

The web process is served, the CRM is the sandbox over HTTP, the lanes run in this process on a clock that is set.
Whoever sells only closes tasks, on the sandbox's desk.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import requests
import webhooks_senders as senders
from flows_crms import OWNER
from flows_run import Watch, dead, drain_all, lead
from flows_senders import free_port
from served_apps import served
from sqlalchemy import func, select

from integration.flows.reading import reconcile
from integration.settings.environment import load
from integration.store.schema.tables import outbox
from integration.web.app import INTAKE, create_app
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, MINUTE, SECOND, Instant, show
from sandbox.desk import sales_desk
from sandbox.server import Sandbox

_HUBSPOT_SECRET = "sandbox-hubspot-client-secret"
_FIELDS = ("score", "fit", "engagement", "band", "segment", "stage", "track", "touch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who the scenario is about, as the form or the scanner at the stand enters them into the CRM."""

    first: str
    last: str
    email: str
    title: str
    company: str
    employees: int
    industry: str
    """In Salesforce's words, and in HubSpot's after a bar."""
    source: str
    """As above."""

    @property
    def domain(self) -> str:
        """The company's."""
        return self.email.partition("@")[2]


@dataclass(slots=True)
class World:
    """The service over one CRM, and what has happened to the lead so far."""

    system: str
    service: Service
    sandbox: Sandbox
    at: Watch
    person: Person
    door: str = ""
    began: Instant = 0
    record: str = ""
    written: list[tuple[Instant, str]] = field(default_factory=list)
    """Every touch that came onto the record, with the time that stands there."""
    _sent: int = 0
    _touched: str = ""
    _seen: set[str] = field(default_factory=set)

    def day(self, number: int, hour: int, minute: int = 0) -> Instant:
        """An instant of a day of the scenario; it begins at midnight of day 0."""
        return self.began + number * DAY + (hour * 60 + minute) * MINUTE

    def until(self, moment: Instant) -> None:
        """Let the service do its work until then, at each time that something falls due for the lead."""
        while self.at() < moment:
            due = self._due()
            self.at.now = moment if due is None else min(moment, max(due, self.at() + SECOND))
            self.work()

    def work(self) -> None:
        """Look at what changed in the CRM, decide, write; marketing's workflow sends what the record then asks for."""
        self.look()
        while self._marketing():
            self.look()

    def look(self) -> None:
        """One turn of all the lanes."""
        reconcile.poll(self.service, self.system)
        drain_all(self.service)

    def does(self, kind: str, *, email: str = "", **properties: Any) -> None:
        """Somebody does something now: the website or the mail tool says so by a signed webhook."""
        self._sent += 1
        item = {"id": f"scenario-{self._sent}", "type": kind, "at": show(self.at())}
        self._post(item | {"email": email or self.person.email, "properties": properties})
        self.at.forward(MINUTE)
        self.work()

    def views(self, document: str, *, email: str = "", seconds: int) -> None:
        """Somebody opens a document in the room of the person's company: the room knows whose it is."""
        who = email or self.person.email
        self._sent += 1
        item = {"id": f"scenario-{self._sent}", "type": "document_view", "at": show(self.at()), "email": who}
        seen = {"document": document, "doc_type": "case_study", "viewer": who, "seconds": seconds}
        self._post(item | {"account": self.person.domain, "properties": seen})
        self.at.forward(MINUTE)
        self.work()

    def enter(self) -> None:
        """The form, or the scanner at the stand, makes the person's record in the CRM."""
        who = self.person
        industry, source = (each.split("|")[self.system == "hubspot"] for each in (who.industry, who.source))
        name = {"FirstName": who.first, "LastName": who.last, "Email": who.email, "Title": who.title}
        if self.system == "salesforce":
            about = {"Company": who.company, "NumberOfEmployees": who.employees, "Industry": industry}
            about |= {"Website": f"https://{who.domain}"}
            self.record = self.sandbox.salesforce.add("Lead", name | about | {"LeadSource": source})
        else:
            hubspot = self.sandbox.hubspot
            about = {"name": who.company, "domain": who.domain, "numberofemployees": str(who.employees)}
            company = hubspot.add("companies", about | {"industry": industry, "hubspot_owner_id": OWNER})
            values = {"email": who.email, "firstname": who.first, "lastname": who.last, "jobtitle": who.title}
            self.record = hubspot.add("contacts", values | {"lead_source": source, "hubspot_owner_id": OWNER})
            hubspot.link("contacts", self.record, "companies", company)
        self.at.forward(MINUTE)
        self.work()

    def close(self, task: sales_desk.Task, outcome: str) -> None:
        """Whoever has the task closes it on the desk."""
        address = f"{self.sandbox.url}/tasks/{task.system}/{task.id}/close"
        answer = requests.post(address, data={"outcome": outcome}, allow_redirects=False, timeout=5)
        assert answer.status_code == requests.codes.see_other
        assert "told" not in answer.headers["location"], answer.headers["location"]
        self.at.forward(MINUTE)
        self.work()

    def sell(self, name: str) -> None:
        """Field sales makes an opportunity of the lead, as people do in this CRM."""
        if self.system == "salesforce":
            self.sandbox.salesforce.convert(self.record, opportunity=name)
        else:
            deal = self.sandbox.hubspot.add("deals", {"dealname": name, "dealstage": "qualifiedtobuy"})
            self.sandbox.hubspot.link("deals", deal, "contacts", self.record)
        self.at.forward(MINUTE)
        self.work()

    def stands(self) -> dict[str, str]:
        """What Coldframe has written onto the person's record, as the CRM shows it."""
        values = self._values()
        found = {name: values.get(self._named(name)) for name in _FIELDS}
        return {name: f"{value:g}" if isinstance(value, float) else str(value or "") for name, value in found.items()}

    def new_tasks(self) -> list[sales_desk.Task]:
        """The tasks that have come since the last look, the earliest due first."""
        found = [each for each in sales_desk.tasks(self.sandbox) if each.id not in self._seen]
        self._seen.update(each.id for each in found)
        return found

    def task(self, id_: str) -> sales_desk.Task:
        """A task as it stands now."""
        return next(each for each in sales_desk.tasks(self.sandbox) if each.id == id_)

    def holder(self, task: sales_desk.Task) -> str:
        """The name of whoever the task was given to."""
        if self.system == "salesforce":
            return str(self.sandbox.salesforce.record("User", task.owner)["Name"])
        found = next(each for each in self.sandbox.hubspot.portal.owners if each["id"] == task.owner)
        return f"{found['firstName']} {found['lastName']}"

    def _marketing(self) -> bool:
        """The workflow of docs/nurture-mail.md: starts when the touch's time changes, sends the mail, and says so."""
        values = self._values()
        since, touch = str(values.get(self._named("touch_at")) or ""), str(values.get(self._named("touch")) or "")
        if since == self._touched:
            return False
        self._touched = since
        self.written.append((self.at(), touch))
        item = {"id": f"sent-{since}", "type": "email_sent", "at": show(self.at()), "email": self.person.email}
        self._post(item | {"properties": {"touch": touch}})
        return True

    def _post(self, item: Mapping[str, Any]) -> None:
        body = json.dumps({"activities": [item]}).encode()
        headers = senders.standard(body, at=self.at(), name=f"msg-{item['id']}")
        answer = requests.post(f"{self.door}/webhooks/activities", data=body, headers=headers, timeout=5)
        assert answer.status_code == requests.codes.accepted, answer.text
        assert (answer.json()["rejected"], answer.json()["warnings"]) == ([], [])

    def _named(self, name: str) -> str:
        return f"coldframe_{name}" if self.system == "hubspot" else f"Coldframe_{name.title()}__c"

    def _values(self) -> Mapping[str, Any]:
        if self.system == "hubspot":
            return self.sandbox.hubspot.values("contacts", self.record) if self.record else {}
        found = self.sandbox.salesforce.record("Lead", self.record) if self.record else {}
        contact = found.get("ConvertedContactId")
        return self.sandbox.salesforce.record("Contact", contact) if contact else found

    def _due(self) -> Instant | None:
        """When the lead is to be decided about, or something that waits may be written."""
        waits = select(func.min(outbox.c.not_before)).where(outbox.c.state == "new", outbox.c.not_before > self.at())
        with self.service.store.read() as conn:
            written = conn.scalar(waits)
        try:
            decided = lead(self.service, self.person.email).due
        except KeyError:
            decided = None
        return min((each for each in (decided, written) if each is not None), default=None)


@contextmanager
def world(system: str, service: Service, sandbox: Sandbox, at: Watch, person: Person) -> Iterator[World]:
    """The service with this one CRM, its web process behind a real socket, and nobody in the CRM yet."""
    port = free_port()
    settings = load(
        {
            "COLDFRAME_SECRET_KEY": "k" * 32,
            "COLDFRAME_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "COLDFRAME_ACTIVITY_SECRET": senders.ACTIVITY_SECRET,
            "HUBSPOT_ACCESS_TOKEN": "h",
            "HUBSPOT_CLIENT_SECRET": _HUBSPOT_SECRET,
        }
    )
    app = create_app(settings, store=service.store, wake=lambda _lane: None, queue=list, now=at)
    alone = replace(service, connections={system: service.connections[system]})
    with served(app, port) as door:
        sandbox.send_webhooks(f"{door}/webhooks/hubspot", _HUBSPOT_SECRET)
        found = World(system, alone, sandbox, at, person, door, at() // DAY * DAY)
        found.look()
        yield found
        sandbox.send_webhooks("")
    app.extensions[INTAKE].close()
    assert dead(alone) == [], "nothing went wrong that a person has to mend"
