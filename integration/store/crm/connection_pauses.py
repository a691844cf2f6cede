"""Connection pauses: connections that must wait, because the CRM asked for it or a person did.

A connection may be paused for several reasons at once, each of a kind of its own: none ends or shortens another.
Ways of alerts (see store/outgoing/alerts.py) are paused under the names of their lanes.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, case, delete, func, or_, select

from integration.store.crm import outages
from integration.store.db.dialects import upsert
from integration.store.schema.tables import pauses
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import MINUTE, Instant, Span

Kind: TypeAlias = Literal["person", "signed_out", "outage", "budget"]
"""A person paused it; the CRM has signed us out; it is away or asks for a pause; the day's calls for scores are spent.

The first two last until somebody ends them, the others until their time.
"""
_FIRST: tuple[Kind, ...] = ("person", "signed_out", "outage")
"""The kinds that stop everything, the one that is shown first of several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A paused connection; `until` None means until somebody resumes it or signs in. `code` is the CRM's, if any.

    `since` is when the first of a row of pauses began between which nothing worked; None where nobody said.
    """

    name: ConnectionName
    kind: Kind
    until: Instant | None
    reason: str
    code: str = ""
    since: Instant | None = None


_APART: Span = 5 * MINUTE
"""Two pauses with no more than this between them are one, unless something worked meanwhile."""
_p = pauses.c
_NAMED, _OF_KIND = _p.name == bindparam("which"), _p.kind == bindparam("sort")


def _goes_on(new: Any) -> ColumnElement[bool]:
    """Whether a pause follows the one before so closely that nothing can be said to have worked between them."""
    return or_(_p.until.is_(None), _p.until >= new.since - _APART)


_PAUSE = upsert(
    pauses,
    ["name", "kind"],
    lambda new: {
        "until": new.until,
        "reason": new.reason,
        "code": new.code,
        "since": case((_goes_on(new), func.coalesce(_p.since, new.since)), else_=new.since),
    },
    values={
        "name": bindparam("name"),
        "kind": bindparam("kind"),
        "until": bindparam("until", type_=BigInteger),
        "reason": bindparam("reason"),
        "code": bindparam("code"),
        "since": bindparam("since", type_=BigInteger),
    },
)
_WORKED = delete(pauses).where(_NAMED, _p.until <= bindparam("now"))
_END = delete(pauses).where(_NAMED, _OF_KIND)
_RESUME = delete(pauses).where(_NAMED, _p.kind.in_(["signed_out", "outage"]))
_COLUMNS = (_p.name, _p.kind, _p.until, _p.reason, _p.code, _p.since)
_PAUSED = select(*_COLUMNS).where(or_(_p.until.is_(None), _p.until > bindparam("now")))
_STOPPED = select(*_COLUMNS).where(_p.kind == "person").order_by(_p.name)
_SINCE = select(*_COLUMNS).where(
    _p.kind != "budget",
    _p.since <= bindparam("before"),
    or_(_p.until.is_(None), _p.until >= bindparam("lately")),
)


def pause(  # noqa: PLR0913 - the parts of a pause
    conn: Connection,
    name: ConnectionName,
    until: Instant,
    reason: str,
    *,
    kind: Literal["outage", "budget"] = "outage",
    code: str = "",
    now: Instant | None = None,
    limited: bool = False,
) -> None:
    """Let a connection wait until then, as its CRM or the day's calls want it.

    `now` is when the pause begins: `longer_than` and the outages know of those that say it. `limited`: the CRM is
    there, and limits our calls.
    """
    _put(conn, Pause(name=name, kind=kind, until=until, reason=reason, code=code, since=now))
    if now is not None and kind == "outage":
        outages.note(conn, name, "limit" if limited else "outage", now, until, reason)


def sign_out(conn: Connection, name: ConnectionName, reason: str, *, now: Instant | None = None) -> None:
    """The CRM has signed us out: nothing goes until somebody signs in (`signed_in`)."""
    _put(conn, Pause(name=name, kind="signed_out", until=None, reason=reason, since=now))
    if now is not None:
        outages.note(conn, name, "signed_out", now, None, reason)


def stop(conn: Connection, name: ConnectionName, reason: str, *, now: Instant | None = None) -> None:
    """A person pauses a connection until `go`, whatever else pauses or resumes it."""
    _put(conn, Pause(name=name, kind="person", until=None, reason=reason, since=now))
    if now is not None:
        outages.note(conn, name, "person", now, None, reason)


def worked(conn: Connection, name: ConnectionName, now: Instant) -> None:
    """The connection did its work: a pause that is over is forgotten, and the next one begins a new row of pauses."""
    conn.execute(_WORKED, {"which": name, "now": now})


def longer_than(conn: Connection, span: Span, now: Instant) -> list[Pause]:
    """The pauses in which nothing has worked for so long, a spent budget's left out; there may be several of a name."""
    return [_pause(row) for row in conn.execute(_SINCE, {"before": now - span, "lately": now - _APART})]


def resume(conn: Connection, name: ConnectionName, now: Instant | None = None) -> None:
    """Let a connection run again at once, unless a person has paused it; the outages end `now`, where that is given."""
    conn.execute(_RESUME, {"which": name})
    if now is not None:
        outages.end(conn, name, ("outage", "limit", "signed_out"), now)


def signed_in(conn: Connection, name: ConnectionName, now: Instant | None = None) -> None:
    """Let a connection run again that waited for a sign-in; one that is paused for another reason stays paused."""
    conn.execute(_END, {"which": name, "sort": "signed_out"})
    if now is not None:
        outages.end(conn, name, ["signed_out"], now)


def go(conn: Connection, name: ConnectionName, now: Instant | None = None) -> bool:
    """A person ends their pause of a connection, and any other; whether there was one of theirs."""
    resume(conn, name, now)
    if now is not None:
        outages.end(conn, name, ["person"], now)
    return conn.execute(_END, {"which": name, "sort": "person"}).rowcount > 0


def paused(conn: Connection, now: Instant) -> dict[ConnectionName, Pause]:
    """The connections to which nothing goes now, by name; of several pauses, the one that is shown first."""
    whole = [each for each in lasting(conn, now) if each.kind != "budget"]
    return {each.name: each for each in sorted(whole, key=lambda each: _FIRST.index(each.kind), reverse=True)}


def lasting(conn: Connection, now: Instant) -> list[Pause]:
    """Every pause that lasts now, of whatever kind."""
    return [_pause(row) for row in conn.execute(_PAUSED, {"now": now})]


def stopped(conn: Connection) -> dict[ConnectionName, Pause]:
    """The connections that a person has paused, by name."""
    return {row.name: _pause(row) for row in conn.execute(_STOPPED)}


def _put(conn: Connection, made: Pause) -> None:
    row = {
        "name": made.name,
        "kind": made.kind,
        "until": made.until,
        "reason": made.reason,
        "code": made.code,
        "since": made.since,
    }
    conn.execute(_PAUSE.on(conn), row)


def _pause(row: Any) -> Pause:
    return Pause(name=row.name, kind=row.kind, until=row.until, reason=row.reason, code=row.code, since=row.since)
