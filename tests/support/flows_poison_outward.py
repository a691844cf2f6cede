"""For what is sent outside one by one (alerts, touches, people to be created), one row that cannot be sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flows_poison_world import ANA, BOB, EVE, Case, World, fail
from flows_run import activity, drain_all, lead, receive

from connectors.base.port import Connector, PersonWrite, Receipt, Verdict, Write
from integration.alerting.alert_port import Alert
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.people_in_sales.raise_alerts import raise_alert
from integration.flows.people_in_sales.send_alerts import send_alerts
from integration.flows.reading.refresh import read_records
from integration.store.outgoing import outbox
from mappings.language import mapping_files
from mappings.language.mapping_compiler import compile_mapping
from mappings.values.instant import MINUTE
from mappings.yaml_files.located_yaml import load

CREATES = """
creates:
  on: [demo_request]
  as: contact
  with:
    firstname: {from: property.first_name}
"""


@dataclass
class Shout:
    """A way of alerts that cannot send those that name `cannot`."""

    cannot: str
    name: str = "webhook"
    for_people: bool = False
    sent: list[str] = field(default_factory=list)

    def send(self, alert: Alert, _now: int) -> Receipt:
        if self.cannot and self.cannot in alert.text:
            fail()
        self.sent.append(alert.text)
        return Receipt(key=alert.key, verdict=Verdict.DONE)

    def close(self) -> None: ...


def an_alert(here: World) -> Case:
    way = Shout(cannot=EVE)
    service = replace(here.service, alert_ways={"webhook": way})
    with service.store.write() as conn:
        for email in (ANA, EVE, BOB):
            raise_alert(conn, service, key=f"test/{email}", alert="test", text=email, lead=lead(service, email).id)

    def mended() -> None:
        way.cannot = ""
        send_alerts(service, "webhook")

    return Case(
        lane="alerts:webhook",
        stage="deliver",
        run=lambda: send_alerts(service, "webhook"),
        others=lambda: way.sent == [ANA, BOB],
        mended=mended,
        wait=MINUTE,
    )


def a_touch(here: World) -> Case:
    with here.service.store.write() as conn:
        those = [lead(here.service, email).id for email in (ANA, EVE, BOB)]
        payload = {"touch": "guide", "touch_at": here.at()}
        rows = [outbox.NewOnce(key=f"{each}/touch/x", lead_id=each, payload=payload) for each in those]
        outbox.want_once(conn, "hubspot", "touch", rows, here.at())
    here.sql("UPDATE outbox SET payload = '{' WHERE lead_id = :lead AND kind = 'touch'", lead=those[1])

    def named() -> bool:
        got = {
            each.id
            for each in here.sandbox.hubspot.records("contacts")
            if each.values.get("coldframe_touch") == "guide"
        }
        return got == {here.records[ANA], here.records[BOB]}

    whole = '{"touch":"guide","touch_at":0}'
    return Case(
        lane="deliver:hubspot",
        stage="deliver",
        run=lambda: deliver(here.service, "hubspot"),
        others=named,
        mended=lambda: here.sql(
            "UPDATE outbox SET payload = :whole WHERE lead_id = :lead AND kind = 'touch'", lead=those[1], whole=whole
        ),
        wait=MINUTE,
    )


@dataclass(frozen=True)
class Refusing:
    """A connector that fails at creating one person."""

    inner: Connector
    email: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        if any(isinstance(each, PersonWrite) and each.email == self.email for each in writes):
            fail()
        return self.inner.apply(writes)


def somebody_to_be_created(here: World) -> Case:
    """Three whom no CRM knows ask for a demo."""
    located, _ = load(mapping_files.shipped("hubspot").text + CREATES, "hubspot.yaml")
    assert located is not None
    mapping, problems = compile_mapping(located)
    assert mapping is not None, problems
    hubspot = replace(here.service.connections["hubspot"], mapping=mapping, located=located)
    service = replace(here.service, connections={**here.service.connections, "hubspot": hubspot})
    new = ("al@acme.example", "em@mallory.example", "bo@blue.example")
    for email in new:
        receive(service, activity(email, email, "demo_request", here.at(), first_name="A"))
    ingest(service)
    for name in service.connections:
        read_records(service, name)
    advance(service)
    spoilt = replace(here, service=service).connected(lambda inner: Refusing(inner, new[1]))

    def created() -> bool:
        there = {record.values.get("email") for record in here.sandbox.hubspot.records("contacts")}
        return there.intersection(new) == {new[0], new[2]}

    return Case(
        lane="deliver:hubspot",
        stage="deliver",
        run=lambda: deliver(spoilt, "hubspot"),
        others=created,
        mended=lambda: drain_all(service),
        wait=MINUTE,
    )


OUTWARD: tuple[Callable[[World], Case], ...] = (an_alert, a_touch, somebody_to_be_created)
