"""Sign-in links: each lets one browser sign in to one CRM, once, for a quarter of an hour.

The link's token and the state that goes to the CRM stand here as hashes alone. The request is sealed, since it may
hold a client secret, and is deleted with the end of the sign-in.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from integration.store.audit.sealing import Keyring, Place, Sealed
from integration.store.schema.tables import sign_in_links
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import HOUR, MINUTE, Instant, Span

LASTS: Span = 15 * MINUTE
"""How long a link works."""
KEPT: Span = HOUR
"""How long a link that has expired is still known, so that its page says so."""
_PRUNE_SIZE = 1_000

Outcome: TypeAlias = Literal["connected", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link. `opened`: a browser has followed it; `answered`: the CRM's page has sent that browser back.

    `message` says, for people, how it ended.
    """

    token: str = field(repr=False)
    """Its hash."""
    connection: ConnectionName
    system: System
    sealed: Sealed | None = field(repr=False)
    expires_at: Instant
    opened: bool
    answered: bool
    outcome: Outcome | None
    message: str


_c = sign_in_links.c
_ALL = select(
    _c.token,
    _c.connection,
    _c.system,
    _c.sealed,
    _c.key_id,
    _c.state,
    _c.expires_at,
    _c.answered_at,
    _c.outcome,
    _c.message,
)
_BY_TOKEN = _ALL.where(_c.token == bindparam("which"))
_BY_STATE = _ALL.where(_c.state == bindparam("which"))
_ADD = insert(sign_in_links)
_OPEN = (
    update(sign_in_links)
    .where(_c.token == bindparam("which"), _c.state.is_(None), _c.expires_at > bindparam("now"))
    .values(state=bindparam("hashed"))
)
_ANSWER = (
    update(sign_in_links)
    .where(_c.token == bindparam("which"), _c.answered_at.is_(None), _c.expires_at > bindparam("now"))
    .values(answered_at=bindparam("now"))
)
_END = (
    update(sign_in_links)
    .where(_c.token == bindparam("which"))
    .values(outcome=bindparam("ended"), message=bindparam("words"), sealed=None, key_id=None)
)
_OLD = select(_c.token).where(_c.expires_at < bindparam("before")).order_by(_c.expires_at).limit(_PRUNE_SIZE)
_PRUNE = delete(sign_in_links).where(_c.token.in_(_OLD.scalar_subquery()))


def add(  # noqa: PLR0913 - the parts of a link
    conn: Connection,
    token: str,
    *,
    connection: ConnectionName,
    system: System,
    request: bytes,
    keyring: Keyring,
    now: Instant,
) -> Instant:
    """Store a new link that carries this request; until when it works."""
    hashed = _hashed(token)
    sealed = keyring.seal(request, _place(hashed))
    row = {
        "token": hashed,
        "connection": connection,
        "system": system,
        "sealed": sealed.data,
        "key_id": sealed.key_id,
        "created_at": now,
        "expires_at": now + LASTS,
    }
    conn.execute(_ADD, [row])
    return now + LASTS


def by_token(conn: Connection, token: str) -> Link | None:
    """The link with this token; None where there is none."""
    return _found(conn, _BY_TOKEN, token)


def by_state(conn: Connection, state: str) -> Link | None:
    """The link whose browser was sent to the CRM with this state; None where there is none."""
    return _found(conn, _BY_STATE, state)


def request(link: Link, keyring: Keyring) -> bytes:
    """What the link was made for. Raises SealError; LookupError where the sign-in is over."""
    if link.sealed is None:
        msg = "this sign-in is over"
        raise LookupError(msg)
    return keyring.open(link.sealed, _place(link.token))


def open_once(conn: Connection, link: Link, state: str, now: Instant) -> bool:
    """Let one browser follow the link, with this state; False where another has, or it has expired."""
    return conn.execute(_OPEN, {"which": link.token, "hashed": _hashed(state), "now": now}).rowcount > 0


def answer_once(conn: Connection, link: Link, now: Instant) -> bool:
    """Take the CRM's answer for this link; False where one was taken already, or it has expired."""
    return conn.execute(_ANSWER, {"which": link.token, "now": now}).rowcount > 0


def end(conn: Connection, link: Link, outcome: Outcome, message: str) -> None:
    """Store how it ended, and delete the sealed request."""
    conn.execute(_END, {"which": link.token, "ended": outcome, "words": message})


def prunable(conn: Connection, now: Instant) -> bool:
    """Whether some links expired long enough ago."""
    return conn.execute(_OLD, {"before": now - KEPT}).first() is not None


def prune(conn: Connection, now: Instant) -> int:
    """Delete links that expired long enough ago, at most a thousand a call; how many."""
    return conn.execute(_PRUNE, {"before": now - KEPT}).rowcount


def _found(conn: Connection, query: Any, name: str) -> Link | None:
    row = conn.execute(query, {"which": _hashed(name)}).one_or_none()
    if row is None:
        return None
    return Link(
        token=row.token,
        connection=row.connection,
        system=row.system,
        sealed=None if row.sealed is None else Sealed(data=bytes(row.sealed), key_id=row.key_id),
        expires_at=row.expires_at,
        opened=row.state is not None,
        answered=row.answered_at is not None,
        outcome=row.outcome,
        message=row.message or "",
    )


def _place(hashed: str) -> Place:
    return Place(table="sign_in_links", row=hashed, field="sealed")


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
