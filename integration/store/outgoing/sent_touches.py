"""Sent touches: when touches were written to whom, whether anybody opens any, and those that are not sent after all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, distinct, func, select, update

from integration.store.db.dialects import among, run_many
from integration.store.db.json_codec import decode, decode_fields, listed
from integration.store.schema.tables import NEW, activities, changes, effects, outbox
from mappings.model.canonical import SENDING
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

MOST = 200
"""So many of the last touches are looked at: enough to tell, and no question to every activity."""
SENT_AT = "touch_sent_at"
"""The field of a lead that a workflow sets when it has sent a touch."""
_o, _a = outbox.c, activities.c
_ARRIVED = (
    select(_o.lead_id, _o.key, func.coalesce(_o.arrived_at, _o.since), _o.payload)
    .where(
        among(_o.lead_id, "ids"),
        _o.kind == "touch",
        _o.state == "sent",
        func.coalesce(_o.arrived_at, _o.since) >= bindparam("since"),
    )
    .order_by(func.coalesce(_o.arrived_at, _o.since), _o.id)
)
_LAST = (
    select(_o.lead_id, _o.key)
    .where(_o.kind == "touch", _o.state == "sent", func.coalesce(_o.arrived_at, _o.since) < bindparam("before"))
    .order_by(_o.id.desc())
    .limit(MOST)
)
_SAID = select(_a.lead_id, _a.at, _a.properties).where(
    among(_a.lead_id, "ids"), _a.type.in_(sorted(SENDING)), _a.properties.contains('"touch"')
)
_SET = select(changes.c.lead_id, changes.c.fields).where(
    among(changes.c.lead_id, "ids"), changes.c.fields.contains(f'"{SENT_AT}"')
)
_DROP = delete(outbox).where(among(_o.id, "ids"), _o.state == NEW, _o.attempted.is_(False))
_NOT_SENT = (
    update(effects)
    .where(effects.c.key == bindparam("touch"), effects.c.withheld.is_(None))
    .values(withheld=bindparam("why"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A touch that stands, or stood, on a record: since when, for when it was due, and what it said there."""

    key: str
    at: Instant
    due: Instant
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Somebody said that a touch went out: when that was, and which, where it was named."""

    at: Instant
    touch: str | None


def arrived(conn: Connection, lead_ids: Iterable[LeadId], since: Instant = 0) -> dict[LeadId, list[Arrived]]:
    """The touches of these leads that a CRM has since then, in the order in which they arrived."""
    found: dict[LeadId, list[Arrived]] = defaultdict(list)
    given = {"ids": listed(sorted(set(lead_ids))), "since": since}
    for lead, key, at, payload in conn.execute(_ARRIVED, given).all():
        said = decode(payload, dict[str, Any])
        due = said.get("touch_at")
        said_there = {name: value for name, value in said.items() if isinstance(value, str)}
        found[lead].append(Arrived(key=key, at=at, due=due if isinstance(due, int) else at, said=said_there))
    return dict(found)


def last(conn: Connection, before: Instant) -> list[tuple[LeadId, str]]:
    """(lead, key) of the last touches that a CRM had before an instant."""
    return [(lead, key) for lead, key in conn.execute(_LAST, {"before": before}).all()]


def reports(conn: Connection, lead_ids: Iterable[LeadId]) -> dict[LeadId, list[Report]]:
    """What was said of these leads' touches, by activities and by the field that a workflow sets."""
    found: dict[LeadId, list[Report]] = defaultdict(list)
    ids = {"ids": listed(sorted(set(lead_ids)))}
    for lead, at, properties in conn.execute(_SAID, ids).all():
        name = decode(properties, dict[str, Any]).get("touch")
        if isinstance(name, str):
            found[lead].append(Report(at=at, touch=name))
    for lead, fields in conn.execute(_SET, ids).all():
        value = decode_fields(fields).get(SENT_AT)
        if isinstance(value, int):
            found[lead].append(Report(at=value, touch=None))
    return dict(found)


def not_sent(conn: Connection, rows: Sequence[tuple[int, str, str]]) -> None:
    """(id, key, why) of touches that go out no more: they are dropped, and the record of effects says why."""
    if rows:
        conn.execute(_DROP, {"ids": listed(sorted(row_id for row_id, _, _ in rows))})
        run_many(conn, _NOT_SENT, [{"touch": key, "why": why} for _, key, why in sorted(rows)])


def answered(conn: Connection, before: Instant) -> tuple[int, int]:
    """How many people the last touches sent before an instant went to, and how many of these ever opened or clicked."""
    sent = (
        select(_o.lead_id)
        .where(_o.kind == "touch", _o.state == "sent", _o.since < before)
        .order_by(_o.id.desc())
        .limit(MOST)
        .subquery()
    )
    theirs = and_(_a.lead_id == sent.c.lead_id, _a.type.in_(["email_open", "email_click"]))
    counts = select(func.count(distinct(sent.c.lead_id)), func.count(distinct(_a.lead_id)))
    people, opened = conn.execute(counts.select_from(sent.outerjoin(activities, theirs))).one()
    return int(people), int(opened)
