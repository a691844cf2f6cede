"""The outbox: what was decided for a CRM, until it has arrived there, once.

A `fields` row exists once per lead and connection, and once for each further record that the lead has there, and has no
payload: what is written is the lead's standing at the time of sending, so a lead decided ten times is written once. A
`task` or `touch` row carries its payload, and its key is that of the effect; it goes to the preferred record.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import BigInteger, Connection, bindparam, case, exists, false, func, null, or_, select, update

from integration.store.assigning import assigned_tasks
from integration.store.db.dialects import among, insert_new, run_many, upsert
from integration.store.db.json_codec import encode, listed
from integration.store.outgoing.outgoing_rows import Outgoing, fields_key, further, met_there, outgoing, shown
from integration.store.queues import dead_letters
from integration.store.schema.tables import NEW, NONE, ONE, dirty, leads, outbox, references, refresh
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

Kind: TypeAlias = Literal["fields", "task", "touch", "closing", "owner", "alert", "person", "record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOnce:
    """A task to create or a touch to set, from `not_before` on; `key` makes it the only one of its cause."""

    key: str
    lead_id: LeadId
    payload: Mapping[str, Any]
    not_before: Instant = 0


_o, _r = outbox.c, references.c
_FRONT = 0
_MOVED = "moved"
"""Nothing is written to this record again: it lives on as another one of its person, which has a row of its own."""
still_new = _o.state == NEW
_WANT_FIELDS = upsert(
    outbox,
    ["key"],
    lambda new: {
        "seq": _o.seq + ONE,
        "state": case((_o.state == _MOVED, _o.state), else_=NEW),
        "since": case((still_new, _o.since), else_=new.since),
        "attempts": case((still_new, _o.attempts), else_=NONE),
        "not_before": case((still_new, _o.not_before), else_=NONE),
        "error": case((still_new, _o.error), else_=null()),
    },
    columns=["connection", "kind", "key", "lead_id", "created_at", "since"],
)
_WANT_ONCE = insert_new(outbox, ["key"])
_unread = exists().where(
    met_there,
    _r.told.is_(None),
    refresh.c.connection == _r.connection,
    refresh.c.object == _r.object,
    refresh.c.external_id == _r.external_id,
)
"""A task describes its lead: it waits until a record that is new here has been read."""
_undecided = exists().where(dirty.c.lead_id == _o.lead_id)
"""And until what is stored about the lead is decided: its words would be old, and a touch may come too late."""
_due = (
    select(outbox)
    .where(
        still_new,
        _o.connection == bindparam("lane"),
        _o.kind == bindparam("sort"),
        _o.not_before <= bindparam("now"),
        exists().where(met_there),
        or_(_o.kind != "task", ~(_unread | _undecided)),
        or_(_o.kind != "touch", ~_undecided),
        or_(_o.kind != "fields", exists().where(leads.c.id == _o.lead_id, leads.c.standing.is_not(None))),
    )
    .order_by(_o.place, _o.since, _o.id)
    .limit(bindparam("n"))
    .cte("due")
)


_PENDING = shown(_due)
_ATTEMPTING = update(outbox).where(among(_o.id, "ids"), still_new).values(attempted=True).returning(_o.id)
_NOT_ATTEMPTED = update(outbox).where(among(_o.id, "ids"), still_new).values(attempted=False)
_STILL = select(_o.id).where(among(_o.id, "ids"), still_new).order_by(_o.id).with_for_update()
_REWORD = update(outbox).where(_o.id == bindparam("row")).values(payload=bindparam("said"))
_SENT = (
    update(outbox)
    .where(_o.id == bindparam("row"))
    .values(
        state=case((_o.seq == bindparam("was"), "sent"), else_="new"),
        external_id=bindparam("record"),
        attempts=0,
        error=null(),
        arrived_at=func.coalesce(bindparam("at", type_=BigInteger), _o.arrived_at),
    )
)
_POSTPONE = (
    update(outbox)
    .where(_o.id == bindparam("row"))
    .values(not_before=bindparam("later"), attempts=_o.attempts + 1, error=bindparam("why"))
)
_MOVE = update(outbox).where(among(_o.id, "ids")).values(state=_MOVED, error=null())
_REST = update(outbox).where(among(_o.id, "ids"), still_new).values(not_before=bindparam("later"))
_PUT_OFF = (
    update(outbox)
    .where(_o.id == bindparam("row"), still_new)
    .values(not_before=bindparam("later"), since=bindparam("later"))
)
_DEAD = (
    update(outbox)
    .where(_o.id == bindparam("row"))
    .values(state="dead", attempts=_o.attempts + 1, error=bindparam("why"))
)
_LETTER = select(_o.id, _o.connection, _o.kind, _o.key, _o.lead_id, _o.payload).where(among(_o.id, "ids"))
_REVIVE = (
    update(outbox)
    .where(among(_o.id, "ids"), _o.state != "sent")
    .values(
        state="new",
        attempts=0,
        not_before=0,
        error=null(),
        seq=_o.seq + 1,
        since=bindparam("now"),
        attempted=case((_o.kind == "alert", false()), else_=_o.attempted),
    )
)
_OLDEST = select(func.min(_o.since)).where(
    still_new, _o.connection == bindparam("lane"), _o.waits.is_(None), exists().where(met_there)
)
_FIRST = update(outbox).where(among(_o.lead_id, "ids"), _o.kind == "task", still_new).values(place=_FRONT)
_WHOSE = select(_o.key, _o.lead_id).where(among(_o.key, "keys"), _o.kind == "task")
_STATES = select(_o.key, _o.state).where(among(_o.key, "keys"))


def want_fields(conn: Connection, connection: ConnectionName, lead_ids: Iterable[LeadId], at: Instant) -> None:
    """The standing of these leads must be written to every record they have; what was sent or dead is pending again."""
    those = sorted(set(lead_ids))
    keys = [(fields_key(connection, lead), lead) for lead in those]
    for lead, name, record in further(conn, connection, those):
        keys.append((fields_key(connection, lead, name, record), lead))
    told = {"connection": connection, "kind": "fields", "created_at": at, "since": at}
    rows = [{**told, "key": key, "lead_id": lead} for key, lead in sorted(keys)]
    if rows:
        _WANT_FIELDS.many(conn, rows)


def want_once(conn: Connection, connection: ConnectionName, kind: Kind, rows: Sequence[NewOnce], at: Instant) -> None:
    """These tasks or touches must be written; one whose key is there already, in any state, is left alone."""
    if rows:
        conn.execute(
            _WANT_ONCE.on(conn),
            [
                {
                    "connection": connection,
                    "kind": kind,
                    "key": row.key,
                    "lead_id": row.lead_id,
                    "payload": encode(row.payload),
                    "not_before": row.not_before,
                    "created_at": at,
                    "since": at,
                }
                for row in sorted(rows, key=lambda row: row.key)
            ],
        )


def pending(conn: Connection, connection: ConnectionName, kind: Kind, now: Instant, limit: int) -> list[Outgoing]:
    """What can be sent now, about who asked for a demo first, then the longest waiting.

    Leads without a person record there wait on, and tasks of leads of whom something is stored and not decided.
    Where a person has several records, a Salesforce Contact comes before a Lead.
    """
    found: dict[int, Outgoing] = {}
    named: set[tuple[str, str]] = set()
    for row in conn.execute(_PENDING, {"lane": connection, "sort": kind, "now": now, "n": limit}).all():
        record = row.object, row.external_id
        if row.id in found or (kind == "fields" and record in named):
            continue  # one write to a record at a time, if another one of its person was preferred until now
        found[row.id] = outgoing(row)
        named.add(record)
    return list(found.values())


def first(conn: Connection, lead_ids: Iterable[LeadId]) -> None:
    """The tasks about these leads that wait are sent before all others."""
    conn.execute(_FIRST, {"ids": listed(sorted(lead_ids))})


def still_wanted(conn: Connection, ids: Iterable[int]) -> set[int]:
    """Those of these that nobody has taken back, and nobody takes back before this transaction ends."""
    return set(conn.execute(_STILL, {"ids": listed(sorted(ids))}).scalars())


def attempting(conn: Connection, ids: Sequence[int]) -> set[int]:
    """A call for these goes out: if its reply is lost, the next must look first. Answers those not taken back since."""
    return set(conn.execute(_ATTEMPTING, {"ids": listed(ids)}).scalars())


def not_attempted(conn: Connection, ids: Sequence[int]) -> None:
    """The call for these has had no effect, as its answer says: the next need not look first."""
    conn.execute(_NOT_ATTEMPTED, {"ids": listed(ids)})


def reword(conn: Connection, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """(id, payload) of tasks in the words in which they are written now."""
    if rows:
        run_many(conn, _REWORD, [{"row": row_id, "said": encode(payload)} for row_id, payload in sorted(rows)])


def sent(conn: Connection, rows: Sequence[tuple[int, int, str]], at: Instant | None = None) -> None:
    """(id, seq, external id) of what the CRM accepted `at` that time; a row whose seq has moved on stays pending."""
    if rows:
        given = [{"row": row_id, "was": seq, "record": record, "at": at} for row_id, seq, record in sorted(rows)]
        run_many(conn, _SENT, given)


def moved(conn: Connection, ids: Iterable[int]) -> None:
    """The records that these further writes of fields went to live on as others of the same people."""
    conn.execute(_MOVE, {"ids": listed(sorted(ids))})


def postpone(conn: Connection, rows: Sequence[tuple[int, Instant, str]]) -> None:
    """(id, not before, error) of what failed for now."""
    if rows:
        conn.execute(_POSTPONE, [{"row": row_id, "later": later, "why": why} for row_id, later, why in sorted(rows)])


def defer(conn: Connection, ids: Iterable[int], until: Instant) -> None:
    """These wait for a while, through no fault of theirs or the CRM's."""
    waiting = sorted(ids)
    if waiting:
        conn.execute(_REST, {"ids": listed(waiting), "later": until})


def put_off(conn: Connection, rows: Sequence[tuple[int, Instant]]) -> None:
    """(id, until when) of what waits for its own time: nothing is late before, and no age of the outbox counts it."""
    if rows:
        run_many(conn, _PUT_OFF, [{"row": row_id, "later": later} for row_id, later in sorted(rows)])


def dead(conn: Connection, rows: Sequence[tuple[int, str]], at: Instant) -> None:
    """(id, reason) of what the CRM will never accept as it is; each becomes a sync error."""
    if rows:
        dead_letters.add(conn, given_up(conn, rows, at))


def given_up(conn: Connection, rows: Sequence[tuple[int, str]], at: Instant) -> list[dead_letters.Letter]:
    """(id, reason) of what is not sent any more; the caller writes a sync error for each."""
    reasons = dict(rows)
    conn.execute(_DEAD, [{"row": row_id, "why": why} for row_id, why in sorted(reasons.items())])
    given = conn.execute(_LETTER, {"ids": listed(reasons)}).all()
    assigned_tasks.close(conn, [row.key for row in given if row.kind == "task"], at)
    return [
        dead_letters.Letter(
            stage="deliver",
            source=connection,
            ref=str(row_id),
            payload=f'{{"kind":{encode(kind)},"key":{encode(key)},"payload":{payload or "{}"}}}'.encode(),
            reason=reasons[row_id],
            at=at,
            lead_id=lead,
        )
        for row_id, connection, kind, key, lead, payload in given
    ]


def whose(conn: Connection, keys: Iterable[str]) -> dict[str, LeadId]:
    """Lead id by the key of each task that was ever wanted."""
    return dict(conn.execute(_WHOSE, {"keys": listed(keys)}).all())


def states(conn: Connection, keys: Iterable[str]) -> dict[str, str]:
    """What became of what was once decided, by its key: `new`, `sent`, `dead` or `lapsed`; others are absent."""
    return dict(conn.execute(_STATES, {"keys": listed(keys)}).all())


def wanted_at(conn: Connection, keys: Iterable[str]) -> dict[str, Instant]:
    """Since when each of these has been wanted, by its key."""
    return dict(conn.execute(select(_o.key, _o.since).where(among(_o.key, "keys")), {"keys": listed(keys)}).all())


def revive(conn: Connection, ids: Sequence[int], now: Instant) -> None:
    """Make dead rows pending again: a replay. What was sent stays sent.

    Whoever replays an alert wants it sent, whatever became of the first try.
    """
    conn.execute(_REVIVE, {"ids": listed(ids), "now": now})


def oldest(conn: Connection, connection: ConnectionName) -> Instant | None:
    """Since when the oldest sendable row of a connection has waited; None where nothing waits.

    A task that has nobody to go to is not sendable.
    """
    return conn.execute(_OLDEST, {"lane": connection}).scalar()
