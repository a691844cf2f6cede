"""Advance work: whether there is anything at all to do in the lane of leads, in one statement.

Each step of the lane looks for itself at what it takes; this only says which of them need not.
"""

from dataclasses import dataclass

from sqlalchemy import BigInteger, BindParameter, Connection, and_, bindparam, exists, func, or_, select

from integration.store.db import kept_values
from integration.store.db.json_codec import decode
from integration.store.overall.erased_people import ERASING
from integration.store.queues.derivation_walk import Walk
from integration.store.schema.tables import dirty, dirty_accounts, erased, leads, suspects
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceWork:
    """Which steps have something to do now. `walk` is how far everybody is derived under the last version that began.

    `suspected`: a step has failed at an item that may come up again.
    """

    erasing: bool
    joining: bool
    remapping: bool
    accounts: bool
    leads: bool
    suspected: bool
    walk: Walk | None


_NOW: BindParameter[int] = bindparam("now", type_=BigInteger)
_first_due = select(func.min(leads.c.due)).scalar_subquery()
"""The end of an index, whatever a planner thinks of how many are due: `EXISTS` would let it look through all leads."""
_WORK = select(
    exists().where(erased.c.pending.is_not(None)),
    exists().where(and_(leads.c.id == dirty.c.lead_id, leads.c.merged_into.is_not(None))),
    exists().where(dirty_accounts.c.since <= _NOW),
    or_(exists().where(dirty.c.since <= _NOW), _first_due <= _NOW),
    exists().where(suspects.c.lane.in_(["advance", "signals", "joining", ERASING])),
)


def look(conn: Connection, now: Instant) -> AdvanceWork:
    """What there is to do now."""
    erasing, joining, accounts, due, suspected = conn.execute(_WORK, {"now": now}).one()
    kept = kept_values.of_service_together(conn, ("shared_emails", "remapping", "rederivation"))
    walk = kept.get("rederivation")
    return AdvanceWork(
        erasing=bool(erasing),
        joining=bool(joining) or "shared_emails" in kept,
        remapping="remapping" in kept,
        accounts=bool(accounts),
        leads=bool(due),
        suspected=bool(suspected),
        walk=None if walk is None else decode(walk, Walk),
    )
