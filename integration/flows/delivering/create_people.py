"""Create people: a person whom no CRM knows does what a mapping's `creates` names, and that CRM gets a record of them.

Off unless a mapping says so. What lies before the service was live, suppressed and excluded people create nobody;
shadow mode creates nobody, since nothing is written. What survives a crash: the request is stored with the decision,
and stays until the CRM's answer is stored; every try looks for the person by e-mail before it creates, so that a try
whose answer was lost is found. The new record is read before any task about it goes out: it is as any other then.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import PersonWrite, Receipt, Verdict
from integration.core.model.events import Event
from integration.core.model.state import LeadState
from integration.core.run.standing import standing
from integration.flows.base import history_or_live
from integration.flows.base.isolation import Try, calling
from integration.flows.base.service import (
    Connection,
    HasCrms,
    HasGoingLive,
    HasLanes,
    HasRules,
    HasWake,
    Intake,
    NewPeople,
    WrittenCrms,
)
from integration.flows.crm_calls.pause_connection import ended
from integration.flows.crm_calls.retrying import MOST_ATTEMPTS, backoff, refused, stopping
from integration.flows.delivering import ramp_up
from integration.flows.delivering.sending import send
from integration.flows.history import load_events
from integration.flows.people import identities
from integration.flows.people.identities import Sighting
from integration.store.audit import audit_trail
from integration.store.db.session import serialise
from integration.store.events import live_since as lives
from integration.store.outgoing import outbox, people_to_create, people_without_records
from integration.store.outgoing.people_to_create import Newcomer, NewPerson
from integration.store.overall.live_values import LiveValues
from integration.store.people import accounts, leads, record_references
from integration.store.people.record_references import Address
from integration.store.queues import leases, records_to_read
from integration.store.queues.leases import Lease
from mappings.model.canonical import NOTHING, Activity
from mappings.model.creation_rule import Creation
from mappings.translate.new_records import first_fields
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

log = structlog.get_logger()

_PASSING = frozenset({Verdict.RETRY, Verdict.UNCLEAR})


class Creating(Intake, HasGoingLive, HasWake, HasLanes, Protocol):
    """What it takes to create people: they are linked as new people are."""


def asked(service: HasCrms, events: Iterable[Event]) -> Activity | None:
    """The last of these activities by which somebody unknown is created; None where no mapping creates anybody."""
    types = _homes(service)
    asking = (each for each in events if isinstance(each, Activity) and not each.machine) if types else ()
    found = [each for each in asking if each.type in types]
    return found[-1] if found else None


def _homes(service: HasCrms) -> dict[str, ConnectionName]:
    """The connection that creates whoever does an activity of this type; of several, the first."""
    return {
        kind: name
        for name, connection in reversed(list(service.connections.items()))
        if connection.mapping.creates
        for kind in connection.mapping.creates.on
    }


def want(conn: Sql, service: WrittenCrms, those: Mapping[LeadId, Activity], now: Instant) -> set[str]:
    """Have these leads created, for what each did, where no CRM has or had a record; the connections to wake.

    In the caller's write transaction. Nobody is for what lies before the service was live.
    """
    strangers = those.keys() - record_references.recorded(conn, those) if those else set()
    if not strangers:
        return set()
    at = history_or_live.since(conn, service, now)
    old = sorted(lead for lead in strangers if those[lead].at < at.since)
    told = lives.earliest_delivered(conn, old, at.seq, list(service.connections)) if old else {}
    homes = _homes(service)
    rows = [
        NewPerson(lead_id=lead, connection=homes[did.type], at=did.at, payload=_payload(did))
        for lead, did in those.items()
        if lead in strangers and did.at >= min(at.since, told.get(lead, at.since))
    ]
    people_to_create.want(conn, rows, now)
    return {row.connection for row in rows}


def _payload(did: Activity) -> dict[str, object]:
    return {"activity": did.id, "type": did.type, "properties": dict(did.properties)}


@dataclass(frozen=True, slots=True)
class _Waits:
    """Since when somebody waits to be created, and whether they asked for a demo: sales' task waits with them."""

    since: Instant
    urgent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """Who may be created now, as far as they fill a call of `room`."""

    rows: Sequence[Newcomer] = ()
    room: int = 0

    def since(self, service: HasRules) -> Sequence[_Waits]:
        """How long each has been waiting."""
        meaning = service.rules.compiled.dispatch.meaning
        return [
            _Waits(row.created_at, meaning(str(row.payload.get("type")), row.payload.get("properties", NOTHING)).demo)
            for row in self.rows
        ]


def waiting(conn: Sql, service: Creating, connection: Connection, now: Instant, values: LiveValues) -> Newcomers:
    """Who may be created now at this connection."""
    if connection.mapping.creates is None:
        return Newcomers()
    limit = ramp_up.records(service.going_live, connection.name)
    room = ramp_up.allowed(conn, limit, connection.connector.limits.fields, now, values)
    return Newcomers(rows=people_to_create.pending(conn, connection.name, now, room) if room else (), room=room)


def create(service: Creating, lease: Lease, connection: Connection, rows: Sequence[Newcomer], now: Instant) -> bool:
    """Create one batch of people; false when the connection has to wait."""
    creation, limit = connection.mapping.creates, ramp_up.records(service.going_live, connection.name)
    if creation is None:
        return True

    def way(these: Try[Newcomer]) -> Receipt | None:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            some = _still_wanted(conn, service, these.items, now)
            outbox.attempting(conn, [row.id for row in some])
            ramp_up.spent(conn, limit, len(some), now)
            writes = _writes(conn, creation, some)
        pairs = list(zip(some, writes, strict=True))
        return _settle(service, lease, connection, creation, these, pairs) if pairs else None

    return send(service, lease, connection, rows, way, "people")


def _still_wanted(conn: Sql, service: HasRules, rows: Sequence[Newcomer], now: Instant) -> list[Newcomer]:
    """Those who are to be created still; the others lapse."""
    known = record_references.recorded(conn, [row.lead_id for row in rows])
    states = load_events.states(conn, [row.lead_id for row in rows], service.rules.number)
    why = {row.id: _barred(service, row, known, states.get(row.lead_id), now) for row in rows}
    people_to_create.lapse(conn, [(row_id, reason) for row_id, reason in why.items() if reason])
    return [row for row in rows if not why[row.id]]


def _barred(service: HasRules, row: Newcomer, known: Collection[str], state: LeadState | None, now: Instant) -> str:
    """Why somebody is not created after all, "" if they are."""
    if row.lead_id in known:
        return "a CRM knows them by now"
    if row.stage == "suppressed":
        return "nobody is to contact them"
    excluded = state is not None and standing(service.rules.compiled, state, now).excluded
    return "the playbook excludes them" if excluded else ""


def _writes(conn: Sql, creation: Creation, rows: Sequence[Newcomer]) -> list[PersonWrite]:
    known = {row.id: row for row in leads.get(conn, [row.lead_id for row in rows])}
    firms = {
        row.id: row.fields
        for row in accounts.get(conn, {each.account_id for each in known.values() if each.account_id})
    }
    writes = []
    for row in rows:
        lead = known[row.lead_id]
        fields = first_fields(
            creation,
            row.email,
            lead=lead.fields,
            account=firms.get(lead.account_id, NOTHING) if lead.account_id else NOTHING,
            properties=row.payload.get("properties", NOTHING),
        )
        writes.append(PersonWrite(key=row.key, object=creation.object, email=row.email, fields=fields))
    return writes


def _settle(  # noqa: PLR0913, PLR0917 - who is sent, and what they are stored with
    service: Creating,
    lease: Lease,
    connection: Connection,
    creation: Creation,
    these: Try[Newcomer],
    pairs: Sequence[tuple[Newcomer, PersonWrite]],
) -> Receipt | None:
    """Send one batch and store what became of everybody; the receipt for which the connection has to wait."""
    with calling():
        receipts = connection.connector.apply([write for _, write in pairs])
    now, stop = service.now(), stopping(receipts)
    with service.store.write() as conn:
        leases.extend(conn, lease)
        serialise(conn, "people")
        found: list[tuple[Newcomer, Address, Receipt]] = []
        for (row, _), receipt in zip(pairs, receipts, strict=True):
            if receipt.verdict in {Verdict.DONE, Verdict.FOLLOW}:
                record = receipt.moved_to or (creation.object, receipt.id)
                found.append((row, (connection.name, *record), receipt))
            elif stop is None or receipt.verdict not in _PASSING:
                refused(conn, row.id, row.attempts, receipt, now)
        _link(conn, service, connection, found, now)
        ended(conn, connection.name, these, stop, now, done=len(found))
    service.wake(f"refresh:{connection.name}")
    log.info("created people", connection=connection.name, done=len(found), of=len(pairs), paused=stop is not None)
    return stop


def _link(
    conn: Sql,
    service: NewPeople,
    connection: Connection,
    found: Sequence[tuple[Newcomer, Address, Receipt]],
    now: Instant,
) -> None:
    """These records are these people's; they are read next. Whoever was erased meanwhile stays erased."""
    holders = record_references.leads(conn, [address for _, address, _ in found])
    living = {row.id for row in leads.get(conn, [row.lead_id for row, _, _ in found]) if row.merged_into is None}
    mine = [each for each in found if each[0].lead_id in living and _free(each, holders)]
    identities.people(
        conn,
        [Sighting(references=(address,), handle=row.email, joins=True) for row, address, _ in mine],
        at=now,
        new_id=service.new_leads.new_id,
        connected=service.connections,
        owners=service.ownership.lead,
    )
    outbox.sent(conn, [(row.id, row.seq, address[2]) for row, address, _ in mine])
    people_without_records.rehome(conn, connection.name, [row.lead_id for row, _, _ in mine])
    wanted = [address for row, address, _ in found if row.lead_id in living]
    records_to_read.want(
        conn, [records_to_read.Wanted(connection=name, object=kind, external_id=key) for name, kind, key in wanted]
    )
    for row, address, _ in found:
        if row.lead_id in living and not _free((row, address, _), holders):
            _elsewhere(conn, row, address, now)
    audit_trail.add(conn, [_entry(row, address, receipt, now) for row, address, receipt in mine])


def _free(found: tuple[Newcomer, Address, Receipt], holders: Mapping[Address, str]) -> bool:
    """Whether the record is nobody else's here."""
    row, address, _ = found
    return holders.get(address, row.lead_id) == row.lead_id


def _elsewhere(conn: Sql, row: Newcomer, address: Address, now: Instant) -> None:
    """The CRM takes them for somebody who is another lead here: reading the record may show that both are one."""
    why = f"{address[0]} takes them for {address[1]} {address[2]}, which is somebody else's here"
    if row.attempts + 1 >= MOST_ATTEMPTS:
        outbox.dead(conn, [(row.id, why)], now)
    else:
        outbox.postpone(conn, [(row.id, now + backoff(row.attempts), why)])


def _entry(row: Newcomer, address: Address, receipt: Receipt, now: Instant) -> audit_trail.Entry:
    action = "create person" if receipt.verdict is Verdict.DONE else "find person"
    detail = {"connection": address[0], "object": address[1]}  # a record's id is a person's name: no trail keeps it
    return audit_trail.Entry(at=now, actor="coldframe", action=action, subject=f"lead {row.lead_id}", detail=detail)
