"""Console sessions: browsers that are signed in to the console. Only the hash of their token is stored.

A session ends after some hours without a request, a day after it began, and when somebody signs it out.
"""

from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from integration.settings.console_settings import Role
from integration.store.console.entry_links import hashed
from integration.store.schema.kept_tables import console_sessions
from mappings.values.instant import DAY, HOUR, MINUTE, Instant, Span

IDLE: Span = 8 * HOUR
"""How long a session lasts without a request."""
LASTS: Span = DAY
"""How long a session lasts at most."""
_STEP: Span = MINUTE
"""Requests within this time are noted as one."""
_PRUNE_SIZE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who is signed in: `subject` is the verified e-mail or the link's name, as the audit trail names them."""

    subject: str
    name: str
    role: Role
    zone: str = "UTC"
    """The reader's time zone, by its IANA name."""
    key: str = field(default="", repr=False)
    """The hash of the session's token."""
    began_at: Instant = 0
    seen_at: Instant = 0


_c = console_sessions.c
_ADD = insert(console_sessions)
_LIVE = (_c.expires_at > bindparam("now"), _c.seen_at > bindparam("idle_since"))
_GET = select(_c.subject, _c.name, _c.role, _c.zone, _c.token.label("key"), _c.began_at, _c.seen_at)
_BY_TOKEN = _GET.where(_c.token == bindparam("which"), *_LIVE)
_ALL = _GET.where(*_LIVE).order_by(_c.seen_at.desc(), _c.token).limit(bindparam("n"))
_SEEN = update(console_sessions).where(_c.token == bindparam("which")).values(seen_at=bindparam("now"))
_END = delete(console_sessions).where(_c.token == bindparam("which"))
_END_ALL = delete(console_sessions).where(_c.subject == bindparam("who"))
_OLD = (
    select(_c.token)
    .where((_c.expires_at <= bindparam("now")) | (_c.seen_at <= bindparam("idle_since")))
    .limit(_PRUNE_SIZE)
)
_PRUNE = delete(console_sessions).where(_c.token.in_(_OLD.scalar_subquery()))
_COUNT = select(func.count()).select_from(console_sessions).where(*_LIVE)


def begin(conn: Connection, token: str, who: SignedIn, now: Instant) -> None:
    """Store a new session, and forget those that are over."""
    conn.execute(_PRUNE, _at(now))
    row = {
        "token": hashed(token),
        "subject": who.subject,
        "name": who.name,
        "role": who.role,
        "zone": who.zone,
        "began_at": now,
        "seen_at": now,
        "expires_at": now + LASTS,
    }
    conn.execute(_ADD, [row])


def by_token(conn: Connection, token: str, now: Instant) -> SignedIn | None:
    """Who is signed in with this token; None for nobody, or where the session is over."""
    row = conn.execute(_BY_TOKEN, {"which": hashed(token), **_at(now)}).one_or_none()
    return None if row is None else SignedIn(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def live(conn: Connection, now: Instant, limit: int) -> list[SignedIn]:
    """Everybody who is signed in, who was seen last first."""
    return [SignedIn(**row._mapping) for row in conn.execute(_ALL, {"n": limit, **_at(now)})]  # noqa: SLF001 - as above


def count(conn: Connection, now: Instant) -> int:
    """How many browsers are signed in."""
    return int(conn.execute(_COUNT, _at(now)).scalar_one())


def stale(who: SignedIn, now: Instant) -> bool:
    """Whether it is time to note that the session was used."""
    return now - who.seen_at >= _STEP


def seen(conn: Connection, who: SignedIn, now: Instant) -> None:
    """Note that the session was used."""
    conn.execute(_SEEN, {"which": who.key, "now": now})


def end(conn: Connection, who: SignedIn) -> None:
    """Sign out this browser."""
    conn.execute(_END, {"which": who.key})


def end_all(conn: Connection, subject: str) -> int:
    """Sign out every browser of somebody; how many."""
    return conn.execute(_END_ALL, {"who": subject}).rowcount


def _at(now: Instant) -> dict[str, Instant]:
    return {"now": now, "idle_since": now - IDLE}
