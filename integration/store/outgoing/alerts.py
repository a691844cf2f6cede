"""Alerts: each alert once, and through which ways it still has to be sent."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, Text, and_, bindparam, delete, func, or_, select

from integration.store.db.dialects import among, insert_new
from integration.store.db.json_codec import decode, encode, listed
from integration.store.outgoing import outbox as outgoing
from integration.store.schema.tables import NEW, alerts, outbox
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

_LANE = "alerts:"
DIGEST = "digest"
"""The name under which a digest is kept among the alerts; `because` has the keys of the alerts in it."""


def lane(way: str) -> ConnectionName:
    """The lane that sends alerts by a way. In the outbox and among pauses it stands where connections do."""
    return ConnectionName(f"{_LANE}{way}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedAlert:
    """One alert: `at` is when its cause fell due, `raised_at` when the service found out.

    `lead_id` is None where the alert is about no lead.
    """

    key: str
    alert: str
    text: str
    at: Instant
    raised_at: Instant
    lead_id: LeadId | None = None
    remedy: str = ""
    because: tuple[str, ...] = ()
    connection: ConnectionName | None = None
    """The connection that it is about, where it is about one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """One alert that waits in the outbox for one way: `id` and `seq` are the outbox row's."""

    id: int
    seq: int
    attempts: int
    alert: RaisedAlert
    attempted: bool = False
    """Whether it was sent before, and nobody knows what became of it."""
    created_at: Instant = 0
    held: bool = False
    """Whether quiet hours have delayed it."""


_a, _o = alerts.c, outbox.c
_ADD = insert_new(alerts, ["key"], returning=[_a.key])
_COLUMNS = (_a.key, _a.alert, _a.text, _a.at, _a.raised_at, _a.lead_id, _a.remedy, _a.because, _a.connection)
_WAITING = (
    select(_o.id.label("row"), _o.seq, _o.attempts, _o.attempted, _o.created_at, _o.payload, *_COLUMNS)
    .select_from(outbox.join(alerts, _a.key == func.substr(_o.key, bindparam("start", type_=Integer))))
    .where(_o.state == NEW, _o.connection == bindparam("lane"), _o.kind == "alert", _o.not_before <= bindparam("now"))
    .order_by(_o.since, _o.id)
    .limit(bindparam("n"))
)
_RECENT = (
    select(*_COLUMNS)
    .where(_a.raised_at >= bindparam("since"), _a.alert != DIGEST)
    .order_by(_a.raised_at.desc(), _a.key)
)
_PAGE = (
    select(*_COLUMNS)
    .where(
        _a.alert != DIGEST,
        or_(
            _a.raised_at < bindparam("before", type_=BigInteger),
            and_(_a.raised_at == bindparam("before", type_=BigInteger), _a.key > bindparam("after", type_=Text)),
        ),
    )
    .order_by(_a.raised_at.desc(), _a.key)
    .limit(bindparam("n"))
)
_LANES = (
    select(_o.connection, _o.state, func.count(), func.min(_o.since))
    .where(_o.kind == "alert", _o.state.in_(["new", "dead"]))
    .group_by(_o.connection, _o.state)
)
_UNSENT_OF_LEADS = select(_o.id, _o.lead_id, _o.key).where(
    among(_o.lead_id, "ids"), _o.kind == "alert", _o.state == NEW, _o.attempted.is_(False)
)
_DROP = delete(outbox).where(among(_o.id, "ids"), _o.state == NEW, _o.attempted.is_(False))
_BY_KEY = select(*_COLUMNS).where(among(_a.key, "keys")).order_by(_a.raised_at, _a.key)
_KNOWN = select(_a.key).where(among(_a.key, "keys"))
_LATEST = select(func.max(_a.raised_at)).where(_a.alert == bindparam("name"), _a.connection == bindparam("about"))


def add(conn: Connection, rows: Sequence[RaisedAlert]) -> list[str]:
    """Record alerts; the keys that nobody has raised before: only these are to be sent."""
    if not rows:
        return []
    values = [
        {
            "key": row.key,
            "alert": row.alert,
            "lead_id": row.lead_id,
            "at": row.at,
            "raised_at": row.raised_at,
            "text": row.text,
            "remedy": row.remedy,
            "because": encode(row.because),
            "connection": row.connection,
        }
        for row in {row.key: row for row in rows}.values()
    ]
    return list(conn.execute(_ADD.on(conn), values).scalars())


def known(conn: Connection, keys: Iterable[str]) -> set[str]:
    """Those of the keys that were raised before."""
    return set(conn.execute(_KNOWN, {"keys": listed(keys)}).scalars())


def latest(conn: Connection, alert: str, connection: ConnectionName) -> Instant | None:
    """When an alert of this name was last raised about this connection."""
    return conn.execute(_LATEST, {"name": alert, "about": connection}).scalar()


def want(conn: Connection, way: str, rows: Iterable[tuple[RaisedAlert, Instant]], now: Instant) -> None:
    """These alerts are to be sent by this way, each once: (alert, not before), 0 for at once."""
    wanted = [
        outgoing.NewOnce(
            key=f"{lane(way)}:{row.key}",
            lead_id=row.lead_id or LeadId(""),
            payload={"alert": row.alert, "held": True} if later else {"alert": row.alert},
            not_before=later,
        )
        for row, later in rows
    ]
    outgoing.want_once(conn, lane(way), "alert", wanted, now)


def drop_unsent(conn: Connection, by_lead: Mapping[LeadId, Collection[str]]) -> None:
    """These alerts (their keys, by lead) are not sent any more; what was sent, or is being sent now, stays."""
    if not by_lead:
        return
    waiting = conn.execute(_UNSENT_OF_LEADS, {"ids": listed(sorted(by_lead))}).all()
    gone = [row for row, lead, key in waiting if any(key.endswith(f":{each}") for each in by_lead[lead])]
    if gone:
        conn.execute(_DROP, {"ids": listed(gone)})


def gathered(conn: Connection, way: str, rows: Sequence[Unsent], now: Instant) -> None:
    """These alerts go as one digest, which is sent in their place: an alert of its own, in the caller's transaction."""
    key = f"digest/{way}/{rows[0].id}/{now}"
    made = RaisedAlert(key=key, alert=DIGEST, text="", at=now, raised_at=now, because=tuple(r.alert.key for r in rows))
    add(conn, [made])
    want(conn, way, [(made, 0)], now)
    outgoing.sent(conn, [(row.id, row.seq, key) for row in rows])


def by_key(conn: Connection, keys: Iterable[str]) -> list[RaisedAlert]:
    """The alerts of these keys, in the order in which they were raised; those of erased people are gone."""
    return [_alert(row) for row in conn.execute(_BY_KEY, {"keys": listed(keys)})]


def unsent(conn: Connection, way: str, now: Instant, limit: int) -> list[Unsent]:
    """What waits to be sent by one way and may go now, the longest waiting first."""
    here = lane(way)
    found = conn.execute(_WAITING, {"lane": here, "now": now, "n": limit, "start": len(here) + 2})
    return [
        Unsent(
            id=row.row,
            seq=row.seq,
            attempts=row.attempts,
            alert=_alert(row),
            attempted=row.attempted,
            created_at=row.created_at,
            held=bool(decode(row.payload or "{}", dict[str, Any]).get("held")),
        )
        for row in found
    ]


def recent(conn: Connection, since: Instant) -> list[RaisedAlert]:
    """The alerts raised since then, newest first."""
    return [_alert(row) for row in conn.execute(_RECENT, {"since": since})]


def page(conn: Connection, before: Instant, after: str, limit: int) -> list[RaisedAlert]:
    """Alerts raised before then, newest first; of those raised at that very moment, the ones whose key comes later."""
    return [_alert(row) for row in conn.execute(_PAGE, {"before": before, "after": after, "n": limit})]


def undelivered(conn: Connection) -> dict[tuple[str, str], tuple[int, Instant]]:
    """By (way, state `new` or `dead`): how many alerts were not delivered, and since when the oldest waits."""
    rows = conn.execute(_LANES)
    return {(held.removeprefix(_LANE), state): (count, since) for held, state, count, since in rows}


def _alert(row: Any) -> RaisedAlert:
    """One row of the table."""
    return RaisedAlert(
        key=row.key,
        alert=row.alert,
        text=row.text,
        at=row.at,
        raised_at=row.raised_at,
        lead_id=row.lead_id,
        remedy=row.remedy,
        because=decode(row.because, tuple[str, ...]),
        connection=row.connection,
    )
