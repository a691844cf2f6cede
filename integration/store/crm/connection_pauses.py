"""Connection pauses: connections that must wait, because the CRM asked for it or a person did."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Connection, bindparam, case, delete, func, or_, select

from integration.store.db.dialects import upsert
from integration.store.schema.tables import lanes
from mappings.values.instant import MINUTE, Instant, Span

SIGN_IN = "signed out: "
"""How the reason of a pause begins that ends with a new sign-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A paused lane; `until` None means until somebody resumes it.

    `since` is when the first of a row of pauses began between which nothing worked; None where nobody said.
    """

    name: str
    until: Instant | None
    reason: str
    since: Instant | None = None


_APART: Span = 5 * MINUTE
"""Two pauses with no more than this between them are one, unless something worked meanwhile."""


def _goes_on(new: Any) -> ColumnElement[bool]:
    """Whether a pause follows the one before so closely that nothing can be said to have worked between them."""
    return or_(lanes.c.paused_until.is_(None), lanes.c.paused_until >= new.since - _APART)


_PAUSE = upsert(
    lanes,
    ["name"],
    lambda new: {
        "paused_until": new.paused_until,
        "reason": new.reason,
        "since": case((_goes_on(new), func.coalesce(lanes.c.since, new.since)), else_=new.since),
    },
    # What waits for a person waits on, whatever the CRM says meanwhile.
    only_where=or_(lanes.c.paused_until.is_not(None), bindparam("endless", type_=Boolean)),
    values={
        "name": bindparam("name"),
        "paused_until": bindparam("paused_until"),
        "reason": bindparam("reason"),
        "since": bindparam("since", type_=BigInteger),
    },
)
_WORKED = delete(lanes).where(lanes.c.name == bindparam("lane"), lanes.c.paused_until <= bindparam("now"))
_RESUME = delete(lanes).where(lanes.c.name == bindparam("lane"))
_SIGNED_IN = delete(lanes).where(lanes.c.name == bindparam("lane"), lanes.c.reason.startswith(SIGN_IN))
_PERSON = "person "
"""What the name of a pause begins with that a person has set: no outage shortens or ends it."""
_PAUSED = select(lanes.c.name, lanes.c.paused_until, lanes.c.reason, lanes.c.since).where(
    or_(lanes.c.paused_until.is_(None), lanes.c.paused_until > bindparam("now"))
)
_SINCE = select(lanes.c.name, lanes.c.paused_until, lanes.c.reason, lanes.c.since).where(
    lanes.c.since <= bindparam("before"),
    or_(lanes.c.paused_until.is_(None), lanes.c.paused_until >= bindparam("lately")),
)


def pause(conn: Connection, name: str, until: Instant | None, reason: str, *, now: Instant | None = None) -> None:
    """Pause a lane until then (None: until `resume`). A pause until `resume` is not shortened by another.

    `now` is when the pause begins: `longer_than` knows of those that say it.
    """
    row = {"name": name, "paused_until": until, "reason": reason, "endless": until is None, "since": now}
    conn.execute(_PAUSE.on(conn), row)


def worked(conn: Connection, name: str, now: Instant) -> None:
    """The lane did its work: a pause that is over is forgotten, and the next one begins a new row of pauses."""
    conn.execute(_WORKED, {"lane": name, "now": now})


def longer_than(conn: Connection, span: Span, now: Instant) -> list[Pause]:
    """The lanes in which nothing has worked for so long; a person's own pauses under the connection's name."""
    rows = conn.execute(_SINCE, {"before": now - span, "lately": now - _APART})
    return [
        Pause(name=name.removeprefix(_PERSON), until=until, reason=reason, since=since)
        for name, until, reason, since in rows
    ]


def resume(conn: Connection, name: str) -> None:
    """Let a lane run again at once."""
    conn.execute(_RESUME, {"lane": name})


def signed_in(conn: Connection, name: str) -> None:
    """Resume a lane that waited for a sign-in; one that is paused for another reason stays paused."""
    conn.execute(_SIGNED_IN, {"lane": name})


def stop(conn: Connection, name: str, reason: str, *, now: Instant | None = None) -> None:
    """A person pauses a connection until `go`, whatever else pauses or resumes it."""
    pause(conn, _PERSON + name, None, reason, now=now)


def go(conn: Connection, name: str) -> bool:
    """A person ends their pause of a connection, and any other; whether there was one of theirs."""
    resume(conn, name)
    return conn.execute(_RESUME, {"lane": _PERSON + name}).rowcount > 0


def paused(conn: Connection, now: Instant) -> dict[str, Pause]:
    """The paused lanes, by name; a person's pause before any other."""
    found: dict[str, Pause] = {}
    for name, until, reason, since in conn.execute(_PAUSED, {"now": now}):
        lane = name.removeprefix(_PERSON)
        if lane not in found or name != lane:
            found[lane] = Pause(name=lane, until=until, reason=reason, since=since)
    return found


def stopped(conn: Connection) -> dict[str, Pause]:
    """The connections that a person has paused, by name."""
    rows = conn.execute(_PAUSED, {"now": 0})
    return {
        name.removeprefix(_PERSON): Pause(name=name.removeprefix(_PERSON), until=until, reason=reason, since=since)
        for name, until, reason, since in rows
        if name.startswith(_PERSON)
    }
