"""Unreadable records: values in a CRM's record that nobody can take, such as a time that cannot be.

The record itself is taken, and everything else that it says. Each fault is one sync error for as long as that waits,
however often the record is read; replaying the sync error reads the record again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.flows.base.service import Connection
from integration.store.queues import dead_letters
from integration.store.queues.dead_letters import Letter
from mappings.translate.translation import Inward
from mappings.values import bounds, record_ids
from mappings.values.identifiers import ExternalId, LeadId
from mappings.values.instant import Instant

_SHOWN = 40
"""Characters of an id that is none, by which its sync error is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that a record says and that was not taken: in which field, what, why, and of whom."""

    record: Record
    field: str
    value: Any
    reason: str
    lead_id: LeadId | None = None


def genuine(conn: Sql, connection: Connection, records: Iterable[Record], now: Instant) -> list[Record]:
    """The records whose ids, and those of whom they are about, have their CRM's form; the others become sync errors."""
    kept: list[Record] = []
    faults: list[Fault] = []
    for record in records:
        if not record_ids.genuine(connection.system, record.id):
            reason = (
                f"an id of {len(record.id)} characters that is none of {connection.system}'s: the record is not taken"
            )
            faults.append(
                Fault(
                    record=replace(record, id=ExternalId(record.id[:_SHOWN])),
                    field="id",
                    value=record.id,
                    reason=reason,
                )
            )
            continue
        people = tuple(each for each in record.people if record_ids.genuine(connection.system, each[1]))
        kept.append(record if people == record.people else replace(record, people=people))
    add(conn, connection, faults, now)
    return kept


def no_emails(persons: Iterable[tuple[Record, Inward]], lead_ids: Iterable[LeadId]) -> list[Fault]:
    """The addresses of people's records that are none."""
    return [
        Fault(
            record=record,
            field=name,
            value=record.fields.get(name),
            reason=f"`{name}` holds no e-mail address: {why}; the record is kept without it",
            lead_id=lead,
        )
        for (record, told), lead in zip(persons, lead_ids, strict=True)
        for name, why in told.no_emails.items()
    ]


def wrong_clock(record: Record, what: str, at: Instant, now: Instant, lead_id: LeadId | None = None) -> Fault | None:
    """The fault of a record that says that something was at a time that cannot be; None where it can."""
    reason = bounds.wrong_clock(at, now)
    if reason is None:
        return None
    return Fault(record=record, field=what, value=at, reason=f"{what}: {reason}", lead_id=lead_id)


def add(conn: Sql, connection: Connection, faults: Sequence[Fault], now: Instant) -> None:
    """Write a sync error for each fault, unless one of the same waits."""
    dead_letters.add(conn, [_letter(connection, fault, now) for fault in faults])


def _letter(connection: Connection, fault: Fault, now: Instant) -> Letter:
    record = fault.record
    said = {"object": record.object, "id": record.id, "field": fault.field, "value": fault.value}
    ref = f"{record.object}:{record.id}"
    return Letter(
        stage="refresh",
        source=connection.name,
        ref=ref,
        payload=msgspec.json.encode(said),
        reason=fault.reason,
        at=now,
        lead_id=fault.lead_id,
        once=dead_letters.same("refresh", connection.name, ref, fault.field, fault.reason),
    )
