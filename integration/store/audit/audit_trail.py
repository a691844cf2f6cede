"""The audit trail: who changed what. The database refuses to change a line, and to lose one of the last 30 days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, bindparam, delete, insert, or_, select

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
_FOUND = (
    select(audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
    .where(
        audit.c.at >= bindparam("since", type_=BigInteger),
        or_(bindparam("any", type_=Text) == "", audit.c.action == bindparam("any", type_=Text)),
    )
    .order_by(audit.c.id.desc())
    .limit(bindparam("n"))
)
_PAGE = (
    select(audit.c.id, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
    .where(
        audit.c.id < bindparam("before", type_=BigInteger),
        audit.c.at >= bindparam("since", type_=BigInteger),
        or_(bindparam("any", type_=Text) == "", audit.c.action == bindparam("any", type_=Text)),
        or_(bindparam("who", type_=Text) == "", audit.c.actor == bindparam("who", type_=Text)),
    )
    .order_by(audit.c.id.desc())
    .limit(bindparam("n"))
)
_ACTIONS = select(audit.c.action).distinct().order_by(audit.c.action)
_PRUNE_SIZE = 1_000
_OLDEST = select(audit.c.at).order_by(audit.c.id).limit(1)
_FIRST = select(audit.c.id).order_by(audit.c.id).limit(_PRUNE_SIZE).scalar_subquery()
_PRUNE = delete(audit).where(audit.c.id.in_(_FIRST), audit.c.at < bindparam("before"))


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
    return [_entry(*row) for row in conn.execute(_RECENT, {"n": limit})]


def found(conn: Connection, *, since: Instant, action: str, limit: int) -> list[Entry]:
    """The last lines since then, of one action ("" for any), newest first."""
    return [_entry(*row) for row in conn.execute(_FOUND, {"since": since, "any": action, "n": limit})]


def page(  # noqa: PLR0913 - what is looked for, and from where on
    conn: Connection, *, action: str, actor: str, since: Instant, before: int, limit: int
) -> list[tuple[int, Entry]]:
    """Lines with their ids, below an id, newest first: since then, of one action and one actor ("" for any)."""
    asked = {"any": action, "who": actor, "since": since, "before": before, "n": limit}
    return [(number, _entry(*row)) for number, *row in conn.execute(_PAGE, asked)]


def actions(conn: Connection) -> list[str]:
    """Every action that a line names."""
    return list(conn.scalars(_ACTIONS))


def prunable(conn: Connection, before: Instant) -> bool:
    """Whether the oldest line is from before that."""
    oldest = conn.execute(_OLDEST).scalar()
    return oldest is not None and oldest < before


def prune(conn: Connection, before: Instant) -> int:
    """Delete lines from before that, at most a thousand a call; how many. The database keeps the last thirty days."""
    return conn.execute(_PRUNE, {"before": before}).rowcount


def _entry(at: Instant, actor: str, action: str, subject: str, detail: str) -> Entry:
    return Entry(at=at, actor=actor, action=action, subject=subject, detail=decode(detail, dict[str, Any]))
