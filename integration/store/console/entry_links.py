"""Entry links: each lets one browser into the console, once, for a quarter of an hour. Only its hash is stored."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from integration.settings.console_settings import Role
from integration.store.schema.kept_tables import console_links
from mappings.values.instant import DAY, MINUTE, Instant, Span

LASTS: Span = 15 * MINUTE
"""How long a link works."""
_KEPT: Span = DAY
"""How long one that has expired is known, so that its page says so."""
_PRUNE_SIZE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLink:
    """Whom a link lets in; `used`: a browser has come in with it."""

    role: Role
    name: str
    expires_at: Instant
    used: bool


_c = console_links.c
_ADD = insert(console_links)
_GET = select(_c.role, _c.name, _c.expires_at, _c.used_at.is_not(None).label("used")).where(
    _c.token == bindparam("which")
)
_USE = (
    update(console_links)
    .where(_c.token == bindparam("which"), _c.used_at.is_(None), _c.expires_at > bindparam("now"))
    .values(used_at=bindparam("now"))
)
_OLD = select(_c.token).where(_c.expires_at < bindparam("before")).limit(_PRUNE_SIZE)
_PRUNE = delete(console_links).where(_c.token.in_(_OLD.scalar_subquery()))


def add(conn: Connection, token: str, *, role: Role, name: str, now: Instant) -> Instant:
    """Store a new link, and forget those that are long over; until when it works."""
    conn.execute(_PRUNE, {"before": now - _KEPT})
    row = {"token": hashed(token), "role": role, "name": name, "expires_at": now + LASTS}
    conn.execute(_ADD, [row])
    return now + LASTS


def by_token(conn: Connection, token: str) -> EntryLink | None:
    """The link with this token; None where there is none."""
    row = conn.execute(_GET, {"which": hashed(token)}).one_or_none()
    return None if row is None else EntryLink(role=row.role, name=row.name, expires_at=row.expires_at, used=row.used)


def use_once(conn: Connection, token: str, now: Instant) -> bool:
    """Use the link up; False where somebody has, or it has expired."""
    return conn.execute(_USE, {"which": hashed(token), "now": now}).rowcount > 0


def hashed(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
