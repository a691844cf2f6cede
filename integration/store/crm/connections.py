"""Connections that people have signed in to: as whom, and the sealed tokens.

`version` grows with every new token, and whoever stores one names the version it follows: two processes that renew the
same token cannot both be right. Secrets leave this module only through `unsealed`.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, bindparam, delete, func, insert, inspect, select, update

from integration.store.audit.sealing import Keyring, Place, Sealed
from integration.store.db.errors import StoreError
from integration.store.db.json_codec import decode, encode
from integration.store.schema.tables import connections
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import Instant

GrantKind: TypeAlias = Literal["token", "authorization_code", "jwt_bearer", "client_credentials"]
State: TypeAlias = Literal["live", "refused"]


class StaleError(StoreError):
    """Somebody else has stored a newer token, or the connection is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Everything about a connection that is no secret.

    `login_url` is where tokens come from, `instance_url` where a Salesforce org answers, `api_url` a sandbox in the
    vendor's place. `user` is who signed in (for JWT bearer: as whom we ask), `account` the portal or organization.
    """

    client_id: str = ""
    login_url: str = ""
    instance_url: str = ""
    api_url: str = ""
    user: str = ""
    account: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What is sealed."""

    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One connection; `sealed` needs a keyring."""

    name: ConnectionName
    system: System
    grant: GrantKind
    details: Details
    sealed: Sealed = field(repr=False)
    expires_at: Instant | None
    version: int
    state: State
    reason: str
    created_at: Instant
    updated_at: Instant


_c = connections.c
_ALL = select(
    _c.name,
    _c.system,
    _c.grant_kind,
    _c.details,
    _c.sealed,
    _c.key_id,
    _c.expires_at,
    _c.version,
    _c.state,
    _c.reason,
    _c.created_at,
    _c.updated_at,
).order_by(_c.name)
_ONE = _ALL.where(_c.name == bindparam("which"))
_LOCKED = _ONE.with_for_update()
_COUNTS = select(_c.key_id, func.count()).group_by(_c.key_id).order_by(_c.key_id)
_ADD = insert(connections)
_MINE = (_c.name == bindparam("which"), _c.version == bindparam("mine"))
_REPLACE = update(connections).where(_c.name == bindparam("which"))
_RENEW = update(connections).where(*_MINE)
_RESEAL = update(connections).where(*_MINE, _c.key_id == bindparam("old"))
_DROP = delete(connections).where(_c.name == bindparam("which"))


def there(conn: Connection) -> bool:
    """Whether the store is of a version that has connections: doctor looks before migrate has run."""
    return inspect(conn).has_table("connections")


def every(conn: Connection) -> list[Row]:
    """All connections, by name."""
    return [_row(found) for found in conn.execute(_ALL)]


def get(conn: Connection, name: ConnectionName) -> Row | None:
    """One connection; None where nobody has signed in under that name."""
    found = conn.execute(_ONE, {"which": name}).one_or_none()
    return None if found is None else _row(found)


def unsealed(row: Row, keyring: Keyring) -> Secrets:
    """The row's secrets. Raises SealError."""
    return decode(keyring.open(row.sealed, _place(row.name)).decode(), Secrets)


def put(  # noqa: PLR0913 - the parts of a connection
    conn: Connection,
    name: ConnectionName,
    *,
    system: System,
    grant: GrantKind,
    details: Details,
    secrets: Secrets,
    expires_at: Instant | None,
    keyring: Keyring,
    now: Instant,
) -> int:
    """Store a new sign-in, live; its version, which follows that of the sign-in it replaces."""
    before = conn.execute(_LOCKED, {"which": name}).one_or_none()
    version = (_row(before).version if before else 0) + 1
    values = {
        "system": system,
        "grant_kind": grant,
        "details": encode(details),
        "expires_at": expires_at,
        "version": version,
        "state": "live",
        "reason": None,
        "updated_at": now,
    } | _sealed(name, secrets, keyring)
    if before:
        conn.execute(_REPLACE.values(**values), {"which": name})
    else:
        conn.execute(_ADD, [values | {"name": name, "created_at": now}])
    return version


def renew(  # noqa: PLR0913 - as `put`
    conn: Connection,
    row: Row,
    *,
    details: Details,
    secrets: Secrets,
    expires_at: Instant | None,
    keyring: Keyring,
    now: Instant,
) -> None:
    """Store the token that follows this row's. Raises StaleError where the row has moved on."""
    values = {
        "details": encode(details),
        "expires_at": expires_at,
        "version": row.version + 1,
        "state": "live",
        "reason": None,
        "updated_at": now,
    } | _sealed(row.name, secrets, keyring)
    _only_mine(conn.execute(_RENEW.values(**values), {"which": row.name, "mine": row.version}).rowcount, row)


def refuse(conn: Connection, row: Row, reason: str, now: Instant) -> None:
    """The vendor gives no more tokens for this row; `reason` is in its words. Raises StaleError."""
    values = {"state": "refused", "reason": reason, "updated_at": now}
    _only_mine(conn.execute(_RENEW.values(**values), {"which": row.name, "mine": row.version}).rowcount, row)


def drop(conn: Connection, name: ConnectionName) -> bool:
    """Forget a connection; whether there was one."""
    return conn.execute(_DROP, {"which": name}).rowcount > 0


def sealed_by(conn: Connection) -> dict[str, int]:
    """How many rows each key seals, by key id."""
    return {key: int(count) for key, count in conn.execute(_COUNTS)}


def reseal(conn: Connection, name: ConnectionName, keyring: Keyring) -> bool:
    """Seal one row with the current key; False where it is, or is gone. Raises SealError.

    Whoever stored a new token meanwhile has the right of way (StaleError): the row is to be looked at again.
    """
    found = conn.execute(_LOCKED, {"which": name}).one_or_none()
    if found is None:
        return False
    row = _row(found)
    if row.sealed.key_id == keyring.current:
        return False
    values = _sealed(name, unsealed(row, keyring), keyring)
    wanted = {"which": name, "mine": row.version, "old": row.sealed.key_id}
    _only_mine(conn.execute(_RESEAL.values(**values), wanted).rowcount, row)
    return True


def _only_mine(count: int, row: Row) -> None:
    if count == 0:
        msg = f"connection {row.name} has moved on from version {row.version}"
        raise StaleError(msg)


def _place(name: str) -> Place:
    return Place(table="connections", row=name, field="sealed")


def _sealed(name: str, secrets: Secrets, keyring: Keyring) -> dict[str, object]:
    sealed = keyring.seal(encode(secrets).encode(), _place(name))
    return {"sealed": sealed.data, "key_id": sealed.key_id}


def _row(found: Any) -> Row:
    return Row(
        name=found.name,
        system=found.system,
        grant=found.grant_kind,
        details=decode(found.details, Details),
        sealed=Sealed(data=bytes(found.sealed), key_id=found.key_id),
        expires_at=found.expires_at,
        version=found.version,
        state=found.state,
        reason=found.reason or "",
        created_at=found.created_at,
        updated_at=found.updated_at,
    )
