"""A row of the outbox to be sent: with the record it goes to, and where the lead stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import CTE, Select, and_, case, select

from integration.store.db.json_codec import decode, decode_fields
from integration.store.people.record_references import PEOPLE
from integration.store.schema.tables import leads, references
from mappings.model.canonical import Fields
from mappings.values.identifiers import ExternalId, LeadId
from mappings.values.instant import Instant

_r = references.c


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One pending row, with the record it goes to and the standing it carries there.

    What is stored as JSON is read when it is asked for: a row that cannot be read fails alone.
    """

    id: int
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


def shown(due: CTE) -> Select[Any]:
    """Rows with the records they go to, a person's preferred record first."""
    d = due.c
    rank = case({name: rank for rank, name in enumerate(PEOPLE)}, value=_r.object)
    return (
        select(
            d.id,
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
        .join(
            references,
            and_(
                _r.lead_id == d.lead_id,
                _r.connection == d.connection,
                _r.object.in_(PEOPLE),
                _r.deleted.is_(False),
            ),
        )
        .join(leads, leads.c.id == d.lead_id)
        .order_by(d.place, d.since, d.id, rank, _r.external_id)
    )


def outgoing(row: Any) -> Outgoing:
    """A row of `shown`."""
    return Outgoing(
        id=row.id,
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
