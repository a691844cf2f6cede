"""Alert contents: what an alert says when it is sent, with its records in the CRMs, and no more than may be said."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from sqlalchemy import Connection as Sql

from connectors.base.users import CrmUser
from integration.alerting.alert_port import Alert, RecordLink
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import HasCrms
from integration.store.assigning import assigned_tasks
from integration.store.crm import crm_users
from integration.store.outgoing import alerts
from integration.store.outgoing.alerts import RaisedAlert
from integration.store.people import leads, record_references
from integration.store.people.record_references import PEOPLE, Reference
from mappings.values.identifiers import LeadId

_OF_MANAGERS = ("/escalation", "/to_manager")
"""What the keys of tasks end in by which a manager hears of a lead that somebody else has."""


class Composing(HasCrms, HasRouting, Protocol):
    """What it takes to say what an alert says."""


def contents(conn: Sql, service: Composing, raised: Sequence[RaisedAlert]) -> dict[str, Alert]:
    """Each alert as it is sent now, by its key; a digest with the alerts in it, as far as they are not erased."""
    keys = {key for each in raised if each.alert == alerts.DIGEST for key in each.because}
    members = {each.key: each for each in alerts.by_key(conn, keys)} if keys else {}
    about = {each.lead_id for each in (*raised, *members.values()) if each.lead_id}
    links, owners, holders = _links(conn, service, about), _owners(conn, service, about), _holders(conn, about)
    personal = service.routing.alerts is None or service.routing.alerts.personal_data

    def one(each: RaisedAlert) -> Alert:
        owner = owners.get(each.lead_id) if each.lead_id else None
        alert = Alert(
            key=each.key,
            alert=each.alert,
            text=each.text,
            at=each.at,
            raised_at=each.raised_at,
            because=each.because,
            remedy=each.remedy,
            lead=each.lead_id or "",
            records=links.get(each.lead_id, ()) if each.lead_id else (),
            owner=owner.name if owner else "",
            mentioned=holders.get(each.lead_id or "", "") or (owner.email if owner else ""),
        )
        return alert if personal or not each.lead_id else _without_names(alert)

    found: dict[str, Alert] = {}
    for each in raised:
        if each.alert == alerts.DIGEST:
            entries = tuple(one(member) for member in members.values() if member.key in set(each.because))
            found[each.key] = replace(one(each), because=(), entries=entries)
        else:
            found[each.key] = one(each)
    return found


def _without_names(alert: Alert) -> Alert:
    """An alert about a lead that says its own name and links to the record, and nothing of any person."""
    return replace(alert, text=alert.alert.replace("_", " "), because=(), owner="", mentioned="")


def _owners(conn: Sql, service: HasCrms, about: set[LeadId]) -> dict[LeadId, CrmUser]:
    """The owner of each lead, where one of the CRMs knows them."""
    rows = [row for row in leads.get(conn, sorted(about)) if row.owner]
    users = crm_users.by_id(conn, {(name, str(row.owner)) for row in rows for name in service.connections})
    found: dict[LeadId, CrmUser] = {}
    for row in rows:
        known = [users[name, str(row.owner)] for name in service.connections if (name, str(row.owner)) in users]
        if known:
            found[row.id] = known[0]
    return found


def _holders(conn: Sql, about: set[LeadId]) -> dict[str, str]:
    """The e-mail of whoever has the latest open task about each lead; a manager with an escalation has it not."""
    found: dict[str, str] = {}
    for lead, tasks in assigned_tasks.open_of_leads(conn, about).items():
        those = [
            each.person
            for each in tasks
            if not each.key.endswith(("/escalation", "/to_manager")) and "@" in each.person
        ]
        if those:
            found[lead] = those[0]
    return found


def _links(conn: Sql, service: HasCrms, about: set[LeadId]) -> Mapping[LeadId, tuple[RecordLink, ...]]:
    """The records of those whom the alerts are about, by lead."""
    found = record_references.of_leads(conn, about)
    return {
        lead: tuple(
            _link(service, each) for each in those if each.connection in service.connections and each.object in PEOPLE
        )
        for lead, those in found.items()
    }


def _link(service: HasCrms, record: Reference) -> RecordLink:
    connection = service.connections[record.connection]
    return RecordLink(
        connection=connection.name,
        system=connection.system,
        object=record.object,
        id=record.external_id,
        url=connection.link(record.object, record.external_id),
    )
