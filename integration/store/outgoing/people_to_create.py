"""People to create: people whom no CRM knows and whom one of them is to create, each once.

They wait in the outbox under a key of their own for each lead. A row that lapsed (somebody was excluded, say) is
pending again when the person asks again; one that was carried out never is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, null, select, update

from integration.store.db.dialects import run_many, upsert
from integration.store.db.json_codec import decode, encode
from integration.store.outgoing.outbox import still_new
from integration.store.schema.tables import NEW, dirty, leads, outbox
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

KIND = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody to be created in a connection; `at` is the time of the activity in `payload`."""

    lead_id: LeadId
    connection: ConnectionName
    at: Instant
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A row that may be carried out now, with what is known of its lead."""

    id: int
    seq: int
    key: str
    lead_id: LeadId
    payload: Mapping[str, Any]
    attempts: int
    created_at: Instant
    email: str
    stage: str | None


_o = outbox.c
_WANT = upsert(
    outbox,
    ["key"],
    lambda new: {
        "connection": new.connection,
        "payload": new.payload,
        "since": new.since,
        "seq": _o.seq + 1,
        "state": NEW,
        "attempts": 0,
        "not_before": 0,
        "error": null(),
    },
    only_where=_o.state == "lapsed",
)
_pending = and_(still_new, _o.kind == KIND, _o.connection == bindparam("lane"), _o.not_before <= bindparam("now"))
_decided = ~exists().where(dirty.c.lead_id == _o.lead_id)
_PENDING = (
    select(
        _o.id,
        _o.seq,
        _o.key,
        _o.lead_id,
        _o.payload,
        _o.attempts,
        _o.created_at,
        leads.c.email,
        leads.c.stage,
    )
    .select_from(outbox.join(leads, leads.c.id == _o.lead_id))
    .where(_pending, _decided, leads.c.email.is_not(None), leads.c.merged_into.is_(None))
    .order_by(_o.created_at, _o.id)
    .limit(bindparam("n"))
)
_LAPSE = update(outbox).where(_o.id == bindparam("row")).values(state="lapsed", error=bindparam("why"))


def want(conn: Connection, rows: Sequence[NewPerson], now: Instant) -> None:
    """These people are to be created; one who is to be, or was, already is left as they are."""
    if rows:
        conn.execute(
            _WANT.on(conn),
            [
                {
                    "connection": row.connection,
                    "kind": KIND,
                    "key": f"{row.lead_id}/{KIND}",
                    "lead_id": row.lead_id,
                    "payload": encode(row.payload),
                    "created_at": now,
                    "since": row.at,
                }
                for row in sorted(rows, key=lambda row: row.lead_id)
            ],
        )


def pending(conn: Connection, connection: ConnectionName, now: Instant, limit: int) -> list[Newcomer]:
    """Who can be created now, the longest waiting first; each lead once. Who is still to be decided about waits."""
    found: dict[str, Newcomer] = {}
    for row in conn.execute(_PENDING, {"lane": connection, "now": now, "n": limit}).mappings():
        payload = decode(row["payload"] or "{}", dict[str, Any])
        found.setdefault(row["lead_id"], Newcomer(**{**row, "payload": payload}))
    return list(found.values())


def lapse(conn: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """(id, why) of those who need not, or may not, be created after all."""
    if rows:
        run_many(conn, _LAPSE, [{"row": row_id, "why": why} for row_id, why in sorted(rows)])
