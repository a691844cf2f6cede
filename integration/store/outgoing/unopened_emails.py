"""Unopened e-mails: whether anybody who was sent one has opened or clicked any."""

from sqlalchemy import Connection, and_, distinct, func, select

from integration.store.schema.tables import activities, outbox
from mappings.values.instant import Instant

MOST = 200
"""So many of the last touches are looked at: enough to tell, and no question to every activity."""
_o, _a = outbox.c, activities.c


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
