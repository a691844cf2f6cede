"""The audit trail: who changed what. The database refuses to change a line of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from integration.store.db.json_codec import decode, encode
from integration.store.schema.tables import audit
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the trail. Keep personal data and secrets out of `detail`: the line cannot be erased."""

    at: Instant
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)


_ADD = insert(audit)
_RECENT = (
    select(audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
    .order_by(audit.c.id.desc())
    .limit(bindparam("n"))
)


def add(conn: Connection, entries: Sequence[Entry]) -> None:
    """Append lines, in the transaction of the changes themselves."""
    if entries:
        conn.execute(
            _ADD,
            [
                {
                    "at": entry.at,
                    "actor": entry.actor,
                    "action": entry.action,
                    "subject": entry.subject,
                    "detail": encode(entry.detail),
                }
                for entry in entries
            ],
        )


def recent(conn: Connection, limit: int) -> list[Entry]:
    """The last lines, newest first."""
    return [
        Entry(at=at, actor=actor, action=action, subject=subject, detail=decode(detail, dict[str, Any]))
        for at, actor, action, subject, detail in conn.execute(_RECENT, {"n": limit})
    ]
