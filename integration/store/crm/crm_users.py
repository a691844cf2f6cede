"""CRM users: who can own records in each connection, as last read there."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, bindparam, delete, func, select, update

from connectors.base.users import CrmUser
from integration.store.db import kept_values
from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import decode, encode, listed
from integration.store.schema.tables import crm_users
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

UserAddress: TypeAlias = tuple[ConnectionName, str]
"""(connection, user id): the same id in another connection is somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The last whole reading of a connection's users: when it was, and as whom we sign in there ("" unknown)."""

    at: Instant
    own_user: str = ""


_c = crm_users.c
_PUT = upsert(
    crm_users,
    ["connection", "user_id"],
    lambda new: {
        name: getattr(new, name) for name in ("kind", "name", "email", "active", "manager", "timezone", "seen_at")
    },
)
_FORGET = delete(crm_users).where(_c.connection == bindparam("which"), _c.seen_at < bindparam("seen"))
_LEFT = update(crm_users).where(_c.connection == bindparam("which"), among(_c.user_id, "ids")).values(active=False)
_BY_ID = select(crm_users).where(_c.connection == bindparam("which"), among(_c.user_id, "ids"))
_BY_EMAIL = select(crm_users).where(among(_c.email, "emails"), _c.email != "").order_by(_c.connection, _c.user_id)
_NAMES = select(_c.user_id, _c.name).order_by(_c.connection, _c.user_id)
_COUNTS = select(_c.connection, _c.kind, _c.active, func.count()).group_by(_c.connection, _c.kind, _c.active)


def read_whole(
    conn: Connection, connection: ConnectionName, users: Sequence[CrmUser], own_user: str, now: Instant
) -> None:
    """These are all who usually own records there; anybody else whom we knew is forgotten, and asked for by id."""
    put(conn, connection, users, now)
    conn.execute(_FORGET, {"which": connection, "seen": now})
    kept_values.put_of_connection(conn, "user_reading", connection, encode(Reading(at=now, own_user=own_user)), now)


def last_reading(conn: Connection, connection: ConnectionName) -> Reading | None:
    """When everybody was last read, and as whom we sign in; None before the first time."""
    stored = kept_values.of_connection(conn, "user_reading", connection)
    return None if stored is None else decode(stored, Reading)


def put(conn: Connection, connection: ConnectionName, users: Iterable[CrmUser], now: Instant) -> None:
    """These are as they are now; nothing is said of others."""
    rows = [
        {
            "connection": connection,
            "user_id": user.id,
            "kind": user.kind,
            "name": user.name,
            "email": user.email,
            "active": user.active,
            "manager": user.manager,
            "timezone": user.timezone,
            "seen_at": now,
        }
        for user in sorted({user.id: user for user in users}.values(), key=lambda user: user.id)
    ]
    if rows:
        conn.execute(_PUT.on(conn), rows)


def left(conn: Connection, connection: ConnectionName, ids: Iterable[str]) -> None:
    """The CRM refuses to give these anything: they get nothing until they are seen active again."""
    conn.execute(_LEFT, {"which": connection, "ids": listed(ids)})


def by_id(conn: Connection, wanted: Iterable[UserAddress]) -> dict[UserAddress, CrmUser]:
    """Those of these users that are known."""
    ids: defaultdict[ConnectionName, set[str]] = defaultdict(set)
    for connection, user in wanted:
        ids[connection].add(user)
    return {
        (connection, row.user_id): _user(row)
        for connection, those in ids.items()
        for row in conn.execute(_BY_ID, {"which": connection, "ids": listed(sorted(those))})
    }


def by_email(conn: Connection, emails: Iterable[str]) -> dict[str, list[tuple[ConnectionName, CrmUser]]]:
    """(connection, user) of everybody who has one of these e-mails, in whichever connection."""
    found: defaultdict[str, list[tuple[ConnectionName, CrmUser]]] = defaultdict(list)
    for row in conn.execute(_BY_EMAIL, {"emails": listed(sorted(set(emails)))}):
        found[row.email].append((row.connection, _user(row)))
    return dict(found)


def names(conn: Connection) -> dict[str, str]:
    """User id -> name, of all connections; of two who share a name or an id, each with whatever distinguishes them."""
    rows = [row for row in conn.execute(_NAMES) if row.name]
    shared = Counter(row.name for row in rows)
    return {row.user_id: row.name if shared[row.name] == 1 else f"{row.name} ({row.user_id})" for row in rows}


def counts(conn: Connection) -> Mapping[tuple[ConnectionName, str, bool], int]:
    """How many there are by (connection, kind, active)."""
    return {(connection, kind, active): count for connection, kind, active, count in conn.execute(_COUNTS)}


def _user(row: Any) -> CrmUser:
    return CrmUser(
        id=row.user_id,
        kind=row.kind,
        name=row.name,
        email=row.email,
        active=row.active,
        manager=row.manager,
        timezone=row.timezone,
    )
