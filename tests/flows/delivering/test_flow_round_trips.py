"""A thousand writes of ours come back, by webhook and by poll, each value written another way: nothing more is written.

Half of the webhooks say whose write they are, the others come under another name, as a key's writes do, and a reading
tells nobody: then our own is known by its value.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, TypeAlias

from flows_crms import FIELDS, TASKS, calls, person
from flows_run import Watch, activity, counts, lead, receive

from connectors.base.limits import chunks
from integration.flows.delivering.deliver import deliver
from integration.flows.reading import reconcile
from integration.store.outgoing import outbox
from integration.wiring.whole_service import Service
from mappings.model.canonical import STANDING_FIELDS, Kind
from mappings.values.instant import HOUR, MINUTE, Instant, show
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
PEOPLE = 500
EMAILS = [f"p{number}@acme{number % 5}.example" for number in range(PEOPLE)]
BERLIN = timezone(timedelta(hours=1))


def test_a_thousand_echoes_lead_to_no_further_write(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    for email in EMAILS:
        person(sandbox, "hubspot", email)
        person(sandbox, "salesforce", email)
    _heard(service, at, drain_all, "demo_request")
    _heard(service, at, drain_all, "sales_accepted")
    contacts, leads = sandbox.hubspot.records("contacts"), sandbox.salesforce.records("Lead")
    assert len(contacts) + len(leads) == 1000
    assert {one.values["lifecyclestage"] for one in contacts} == {"salesqualifiedlead"}, "read as `sal` when a person's"
    assert {one["Status"] for one in leads} == {"Working - Contacted"}
    assert {one["Coldframe_Stage__c"] for one in leads} == {"sal"}
    before = _done(service, sandbox)

    at.forward(HOUR)
    events = _webhooks(service, sandbox, at())
    assert len(events) >= 10 * len(contacts)
    for some in chunks(events, 100):
        receive(service, *some, source="hubspot")
    drain_all(service)
    assert _done(service, sandbox) == before

    at.forward(HOUR)
    _rewritten(service, sandbox, at())
    for _ in range(2):
        for name in service.connections:
            reconcile.poll(service, name)
            at.forward(MINUTE)
        drain_all(service)
    assert _done(service, sandbox) == before
    row = lead(service, EMAILS[0])
    assert (row.stage, (row.standing or {})["stage"]) == ("sal", "sal")


def test_what_is_written_in_another_way_already_is_not_written_again(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    for email in EMAILS[:50]:
        person(sandbox, "hubspot", email)
        person(sandbox, "salesforce", email)
    _heard(service, at, drain_all, "demo_request", EMAILS[:50])
    writes = _writes(sandbox)
    with service.store.write() as conn:
        rows = conn.exec_driver_sql(
            "SELECT connection, object, external_id, written, lead_id FROM crm_references"
        ).all()
        for system, name, key, written, _ in rows:
            if written is not None:
                kinds = service.connections[system].mapping.kinds(name)
                said = {field: _otherwise(kinds[field], value) for field, value in json.loads(written).items()}
                conn.exec_driver_sql(
                    "UPDATE crm_references SET written = ? WHERE connection = ? AND object = ? AND external_id = ?",
                    (json.dumps(said), system, name, key),
                )
        for name in service.connections:
            outbox.want_fields(conn, name, {row[4] for row in rows if row[4]}, at())
    for name in service.connections:
        assert deliver(service, name)
    assert _writes(sandbox) == writes


def _heard(service: Service, at: Watch, drain_all: Drain, kind: str, emails: list[str] = EMAILS) -> None:
    at.forward(MINUTE)
    for some in chunks(emails, 100):
        receive(service, *(activity(f"{kind}:{email}", email, kind, at()) for email in some))
    for _ in range(3):
        drain_all(service)
        at.forward(MINUTE)


def _done(service: Service, sandbox: Sandbox) -> tuple[Any, ...]:
    """Everything that would grow if an echo counted: the outbox, what was told, what was sent."""
    with service.store.read() as conn:
        wanted = conn.exec_driver_sql("SELECT key, seq, state FROM outbox ORDER BY key").all()
        told = conn.exec_driver_sql("SELECT count(*) FROM changes").scalar()
    numbers = counts(service)
    return [tuple(row) for row in wanted], told, numbers.dirty, numbers.refresh, _writes(sandbox)


def _writes(sandbox: Sandbox) -> int:
    return sum(calls(sandbox, wanted) for table in (FIELDS, TASKS) for wanted in table.values())


def _webhooks(service: Service, sandbox: Sandbox, now: Instant) -> list[dict[str, Any]]:
    """What HubSpot tells of every property that we write, its value written another way."""
    mapping = service.connections["hubspot"].mapping
    app = int(sandbox.hubspot.portal.api.id)
    events: list[dict[str, Any]] = []
    for record in sandbox.hubspot.records("contacts"):
        for target in mapping.objects["contact"].write:
            value = _otherwise(STANDING_FIELDS[target.name].kind, record.values.get(target.field))
            events.append(
                {
                    "eventId": len(events) + 1,
                    "subscriptionId": 7,
                    "portalId": 1,
                    "appId": app,
                    "occurredAt": now // 1_000 + len(events),
                    "subscriptionType": "contact.propertyChange",
                    "attemptNumber": 0,
                    "objectId": int(record.id),
                    "changeSource": "INTEGRATION",
                    "sourceId": str(app if len(events) % 2 else app + 1),
                    "propertyName": target.field,
                    "propertyValue": value,
                }
            )
    return events


def _rewritten(service: Service, sandbox: Sandbox, now: Instant) -> None:
    """Both CRMs write our values another way, and say that the records were changed."""
    for contact in sandbox.hubspot.records("contacts"):
        for target in service.connections["hubspot"].mapping.objects["contact"].write:
            if target.field in contact.values:
                contact.values[target.field] = _otherwise(
                    STANDING_FIELDS[target.name].kind, contact.values[target.field]
                )
        contact.updated = now // 1_000
        contact.values["lastmodifieddate"] = show(now)
    for one in sandbox.salesforce.records("Lead"):
        live = sandbox.salesforce.org.records["Lead"][one["Id"]]
        _otherwise_all(live, service)
        live["SystemModstamp"] = live["LastModifiedDate"] = show(now).replace("Z", ".000+0000")


def _otherwise_all(record: dict[str, Any], service: Service) -> None:
    for target in service.connections["salesforce"].mapping.objects["Lead"].write:
        if target.field in record:
            record[target.field] = _otherwise(STANDING_FIELDS[target.name].kind, record[target.field])


def _otherwise(kind: Kind, value: Any) -> Any:
    """The same value as another system might write it."""
    if value in {None, ""}:
        return None if value == "" else ""
    write: Mapping[Kind, Callable[[Any], Any]] = {
        "number": lambda held: f"{float(held):.1f}",
        "text": lambda held: "\r\n".join(f"{line} " for line in str(held).splitlines()) + "\t",
        "choice": lambda held: f" {held} ",
        "boolean": lambda held: str(held).upper(),
        "time": _elsewhere,
        "list": lambda held: "; ".join(reversed(str(held).split(";"))),
    }
    return write[kind](value)


def _elsewhere(held: Any) -> str:
    """A time with the clock of another zone, without its fractions; epoch milliseconds where it has none."""
    moment = datetime.fromisoformat(str(held))
    if moment.microsecond:
        return str(int(moment.timestamp() * 1000))
    return moment.astimezone(BERLIN).isoformat()
