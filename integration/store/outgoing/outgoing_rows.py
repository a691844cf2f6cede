"""A row of the outbox to be sent: with the record it goes to, and where the lead stands."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
)

from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, decode_fields, listed
from integration.store.people.record_references import PEOPLE
from integration.store.schema.tables import leads, outbox, references
from mappings.model.canonical import Fields
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId
from mappings.values.instant import Instant

_r = references.c
FIELDS = "fields"


def fields_key(connection: ConnectionName, lead: LeadId, *record: str) -> str:
    """The key of a write of somebody's fields: to their preferred record, or to one more (its object and id)."""
    return ":".join((FIELDS, connection, lead, *record))


def goes_to(rows: FromClause) -> ColumnElement[bool]:
    """Whether a record is one that a row of the outbox, or of a part of it, may go to: a person's, and there.

    A write of fields to one more record of a person goes to that one.
    """
    o = rows.c
    base = literal(f"{FIELDS}:") + o.connection + ":" + o.lead_id
    return and_(
        _r.lead_id == o.lead_id,
        _r.connection == o.connection,
        _r.object.in_(PEOPLE),
        _r.deleted.is_(False),
        or_(o.kind != FIELDS, o.key == base, o.key == base + ":" + _r.object + ":" + _r.external_id),
    )


met_there = goes_to(outbox)
_rank = case({name: rank for rank, name in enumerate(PEOPLE)}, value=_r.object)
_ranked = (
    select(
        *(_r.lead_id, _r.object, _r.external_id),
        func.row_number().over(partition_by=_r.lead_id, order_by=(_rank, _r.external_id)).label("place"),
    )
    .where(
        _r.connection == bindparam("connection"),
        among(_r.lead_id, "ids"),
        _r.object.in_(PEOPLE),
        _r.deleted.is_(False),
    )
    .subquery()
)
_FURTHER = select(_ranked.c.lead_id, _ranked.c.object, _ranked.c.external_id).where(_ranked.c.place > 1)


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One pending row, with the record it goes to and the standing it carries there.

    What is stored as JSON is read when it is asked for: a row that cannot be read fails alone.
    """

    id: int
    kind: str
    key: str
    seq: int
    lead_id: LeadId
    payload_text: str | None
    attempted: bool
    attempts: int
    since: Instant
    created_at: Instant
    object: str
    external_id: ExternalId
    written_text: str | None
    standing_text: str | None
    place: int
    owner: str | None

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for an answer: its lead asked for a demo."""
        return self.place == 0

    @property
    def further(self) -> bool:
        """Whether it writes the fields of somebody to one more of their records, beside the preferred one."""
        return self.kind == FIELDS and self.key.endswith(f":{self.object}:{self.external_id}")

    @cached_property
    def payload(self) -> Mapping[str, Any]:
        """What a task or a touch says; nothing for fields."""
        return {} if self.payload_text is None else decode(self.payload_text, dict[str, Any])

    @cached_property
    def written(self) -> Fields | None:
        """The values last written to that record by us, or None."""
        return None if self.written_text is None else decode_fields(self.written_text)

    @cached_property
    def standing(self) -> Fields | None:
        """Where the lead stands, as canonical fields; None before its first decision."""
        return None if self.standing_text is None else decode_fields(self.standing_text)


def further(
    conn: Connection, connection: ConnectionName, lead_ids: Iterable[LeadId]
) -> Iterator[tuple[LeadId, str, ExternalId]]:
    """(lead, object, id) of every record that these people have in a connection but the preferred one of each."""
    for lead, name, record in conn.execute(_FURTHER, {"connection": connection, "ids": listed(lead_ids)}):
        yield LeadId(lead), name, ExternalId(record)


def shown(due: CTE) -> Select[Any]:
    """Rows with the records they go to, a person's preferred record first."""
    d = due.c
    return (
        select(
            d.id,
            d.kind,
            d.key,
            d.seq,
            d.lead_id,
            d.payload,
            d.attempted,
            d.attempts,
            d.since,
            d.created_at,
            d.place,
            _r.object,
            _r.external_id,
            _r.written,
            leads.c.standing,
            leads.c.owner,
        )
        .select_from(due)
        .join(references, goes_to(due))
        .join(leads, leads.c.id == d.lead_id)
        .order_by(d.place, d.since, d.id, _rank, _r.external_id)
    )


def outgoing(row: Any) -> Outgoing:
    """A row of `shown`."""
    return Outgoing(
        id=row.id,
        kind=row.kind,
        key=row.key,
        seq=row.seq,
        lead_id=row.lead_id,
        payload_text=row.payload,
        attempted=row.attempted,
        attempts=row.attempts,
        since=row.since,
        created_at=row.created_at,
        object=row.object,
        external_id=row.external_id,
        written_text=row.written,
        standing_text=row.standing,
        place=row.place,
        owner=row.owner,
    )
