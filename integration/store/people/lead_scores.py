"""Lead scores: where leads stand in points, read for many at once."""

from dataclasses import dataclass

from sqlalchemy import Connection, Text, bindparam, func, or_, select

from integration.store.db.json_codec import decode
from integration.store.schema.tables import dirty, leads
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What a standing says of scores: whole points, and when they stood."""

    fit: int = 0
    engagement: int = 0
    total: int = 0
    scored_at: Instant = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredLead:
    """A lead that was decided about; `settled` where nothing is known of it that its standing does not contain yet."""

    id: LeadId
    points: Points
    settled: bool


_l = leads.c
_DECIDED = (_l.merged_into.is_(None), _l.stage.is_not(None))
_beyond = or_(bindparam("upto", type_=Text).is_(None), _l.id <= bindparam("upto", type_=Text))
_AFTER = (
    select(_l.id, _l.standing, _l.version, _l.due, dirty.c.lead_id)
    .select_from(leads.outerjoin(dirty, dirty.c.lead_id == _l.id))
    .where(_l.id > bindparam("after"), _beyond, *_DECIDED)
    .order_by(_l.id)
    .limit(bindparam("n"))
)
_AT = select(_l.id).where(*_DECIDED).order_by(_l.id).limit(1).offset(bindparam("skipped"))
_COUNT = select(func.count()).select_from(leads).where(*_DECIDED)


def after(conn: Connection, lead: str, upto: str | None, version: int | None, limit: int) -> list[ScoredLead]:
    """The leads after one id up to another (None: all), by id; who was derived under another version is not settled."""
    found = []
    for each, standing, under, due, marked in conn.execute(_AFTER, {"after": lead, "upto": upto, "n": limit}).all():
        points = decode(standing, Points) if standing else Points()
        over = due is not None and due <= points.scored_at
        found.append(ScoredLead(id=each, points=points, settled=under == version and marked is None and not over))
    return found


def count(conn: Connection) -> int:
    """How many leads were decided about."""
    return conn.execute(_COUNT).scalar_one()


def bounds(conn: Connection, shards: int) -> list[str]:
    """The ids at which so many equal parts of all leads end, but for the last; fewer where there are few leads."""
    size = -(-count(conn) // shards) or 1
    ends = (conn.execute(_AT, {"skipped": size * number - 1}).scalar() for number in range(1, shards))
    return [end for end in ends if end is not None]
