"""Live since: from when decisions are carried out. What happened before is history: scored, and no work for anybody."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from integration.store.db import kept_values
from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, encode, listed
from integration.store.outgoing.withdrawn_effects import WITHDRAWN
from integration.store.schema.tables import activities, effects, outbox
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

HISTORY = "history"
"""Why an effect was withheld: its cause lies before the service was live."""
CHANGED = "the playbook changed"
"""Why an effect was withheld that a changed playbook finds in a time in which another one was in force."""
_a, _e, _o = activities.c, effects.c, outbox.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """`since` is the instant; `seq` the number of the last activity that was stored then."""

    since: Instant
    seq: int = 0


_LAST = select(func.coalesce(func.max(_a.seq), 0))
_NEWS = (
    select(_a.lead_id, func.min(_a.at))
    .where(
        among(_a.lead_id, "leads"),
        _a.seq > bindparam("seq"),
        _a.derived.is_(False),
        ~among(_a.source, "read"),
    )
    .group_by(_a.lead_id)
)
_AT = select(_e.lead_id, _e.at, _e.withheld).where(among(_e.lead_id, "leads"), among(_e.at, "times"))
_LATE = (
    select(_e.lead_id, _e.at)
    .where(
        among(_e.lead_id, "leads"),
        among(_e.at, "times"),
        _e.at < bindparam("live_from"),
        _e.decided_at < bindparam("went_live"),
        _e.withheld.is_(None),
    )
    .distinct()
)
_WITHHELD = select(_e.withheld, func.count()).where(_e.withheld.is_not(None)).group_by(_e.withheld)
_waits = (
    _o.state == "new",
    _o.kind.in_(["task", "touch"]),
    _o.attempted.is_(False),
    _o.created_at >= bindparam("began"),
)
OF_SHADOW = and_(
    or_(_e.withheld.is_(None), _e.withheld == WITHDRAWN),
    _e.decided_at >= bindparam("began"),
    _e.at < bindparam("until"),
)
"""Effects that shadow mode decided since `began`, that fell due before `until`, and that are withheld when it ends."""
_LAPSING = select(_o.key).join(effects, _e.key == _o.key).where(*_waits, OF_SHADOW)
_LAPSING_PEOPLE = select(_o.key).where(
    _o.state == "new",
    _o.kind == "person",
    _o.attempted.is_(False),
    _o.created_at >= bindparam("began"),
    _o.since < bindparam("until"),
)
_LAPSE = (
    update(outbox)
    .where(
        *_waits,
        _o.key.in_(select(_e.key).where(_e.withheld == HISTORY, _e.decided_at >= bindparam("began"))),
    )
    .values(state="lapsed", error=bindparam("why"))
)
_LAPSE_OTHERS = (
    update(outbox)
    .where(
        _o.state == "new",
        _o.attempted.is_(False),
        _o.created_at >= bindparam("began"),
        or_(
            and_(_o.kind == "alert", _o.created_at < bindparam("until")),
            and_(_o.kind == "person", _o.since < bindparam("until")),
        ),
    )
    .values(state="lapsed", error=bindparam("why"))
)
_WITHHOLD = update(effects).where(OF_SHADOW).values(withheld=HISTORY)


def get(conn: Connection) -> Live | None:
    """Since when the service is live; None before its first decision."""
    return read(kept_values.of_service(conn, "live_since"))


def read(stored: str | None) -> Live | None:
    """What is kept of it, as a value."""
    return None if stored is None else decode(stored, Live)


def begin(conn: Connection, since: Instant, now: Instant, *, seq: int | None = None) -> Live:
    """The service is live since then; what is stored by now lies before, unless `seq` says otherwise."""
    last = int(conn.execute(_LAST).scalar_one()) if seq is None else seq
    found = Live(since=since, seq=last)
    kept_values.put_of_service(conn, "live_since", encode(found), now)
    return found


def earliest_delivered(conn: Connection, lead_ids: list[LeadId], seq: int, read: list[str]) -> dict[LeadId, Instant]:
    """The earliest activity of these leads among those stored since `seq` and not `read` from a CRM."""
    asked = {"leads": listed(lead_ids), "seq": seq, "read": listed(read)}
    return {lead: at for lead, at in conn.execute(_NEWS, asked) if lead is not None}


def decided_at(conn: Connection, wanted: list[tuple[str, Instant]]) -> dict[tuple[str, Instant], bool]:
    """For each (lead, instant) at which something was decided: whether all of it was withheld."""
    asked = {"leads": listed(lead for lead, _ in wanted), "times": listed(at for _, at in wanted)}
    found: dict[tuple[str, Instant], bool] = {}
    for lead, at, withheld in conn.execute(_AT, asked):
        found[lead, at] = found.get((lead, at), True) and withheld is not None
    return found


def handed_over_late(
    conn: Connection, wanted: list[tuple[str, Instant]], went_live: Instant, live_from: Instant
) -> set[tuple[str, Instant]]:
    """Those (lead, instant) of which a person asked to have carried out what was history when the service went live."""
    asked = {"leads": listed(lead for lead, _ in wanted), "times": listed(at for _, at in wanted)}
    found = conn.execute(_LATE, asked | {"went_live": went_live, "live_from": live_from}).all()
    return {(lead, at) for lead, at in found}


def withheld(conn: Connection) -> dict[str, int]:
    """How many effects were recorded and not carried out, by why; one pass over all effects."""
    return {str(why): count for why, count in conn.execute(_WITHHELD)}


def shadow(conn: Connection) -> Instant | None:
    """Since when the service works in shadow; None where it does not."""
    stored = kept_values.of_service(conn, "shadow_since")
    return None if stored is None else int(stored)


def enter_shadow(conn: Connection, now: Instant) -> None:
    """From now on everything is computed and nothing written."""
    kept_values.put_of_service(conn, "shadow_since", str(now), now)


def lapsing(conn: Connection, began: Instant, until: Instant) -> set[str]:
    """The keys of the tasks, touches and people that `leave_shadow` would let lapse."""
    asked = {"began": began, "until": until}
    return {*conn.execute(_LAPSING, asked).scalars(), *conn.execute(_LAPSING_PEOPLE, asked).scalars()}


def leave_shadow(conn: Connection, began: Instant, until: Instant) -> int:
    """Back to writing: what fell due in shadow before `until` is history. The number of tasks and touches lapsed.

    So is an alert that was raised before then, and nobody is created for what they did before then.
    """
    kept_values.drop_of_service(conn, "shadow_since")
    conn.execute(_WITHHOLD, {"began": began, "until": until})
    why = "fell due in shadow mode, too long ago to be carried out"
    conn.execute(_LAPSE_OTHERS, {"began": began, "until": until, "why": why})
    return conn.execute(_LAPSE, {"began": began, "why": why}).rowcount
