"""Stage entries: who entered which stage in a time, as it was decided and has not been superseded since."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from integration.store.db.json_codec import decode
from integration.store.events.superseded_entries import SUPERSEDED
from integration.store.schema.tables import effects
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True)
class StageEntry:
    """One lead entered one stage."""

    lead_id: LeadId
    at: Instant
    stage: str


_e = effects.c
_SINCE = (
    select(_e.lead_id, _e.at, _e.payload)
    .where(_e.kind == "stage", _e.at >= bindparam("since"), _e.at < bindparam("before"))
    .where(or_(_e.withheld.is_(None), _e.withheld != SUPERSEDED))
    .order_by(_e.at, _e.key)
)
_ROWS = 10_000


def between(conn: Connection, since: Instant, before: Instant) -> Iterator[StageEntry]:
    """Every entry from `since` on and before `before`, by time."""
    asked = {"since": since, "before": before}
    found = conn.execute(_SINCE, asked, execution_options={"yield_per": _ROWS})
    for lead, at, payload in found:
        yield StageEntry(lead, at, str(decode(payload, dict[str, Any]).get("after") or ""))
