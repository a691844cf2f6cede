"""Suppressed effects: what was decided for people whom nobody is to contact is dropped, or closed."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, exists, literal, select

from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, listed
from integration.store.outgoing.outbox import NewOnce, want_once
from integration.store.schema.tables import NEW, leads, outbox
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

_o = outbox.c
_SUPPRESSED = select(leads.c.id).where(among(leads.c.id, "ids"), leads.c.stage == "suppressed")
_DROP = delete(outbox).where(
    among(_o.lead_id, "ids"), _o.state == NEW, _o.kind.in_(["task", "touch"]), _o.attempted.is_(False)
)
_closed = outbox.alias("closed")
_STANDING = (
    select(_o.connection, _o.key, _o.lead_id, _o.payload, _o.external_id)
    .where(
        among(_o.lead_id, "ids"),
        _o.kind == "task",
        _o.state == "sent",
        _o.external_id.is_not(None),
        ~exists().where(_closed.c.key == literal("closing:") + _o.key),
    )
    .order_by(_o.id)
)
NO_CONTACT = "Do not contact"
"""What stands before the subject of a task that is closed because the lead is suppressed."""


def silence(conn: Connection, lead_ids: Iterable[LeadId], at: Instant) -> set[str]:
    """Whoever of these leads is suppressed gets no task and no touch any more.

    What was not sent is dropped; tasks that stand in a CRM are to be closed there, and the audit trail says so. The
    connections that have something to close. Tasks that are being sent now are seen to by calling this once they are.
    """
    quiet = sorted(conn.execute(_SUPPRESSED, {"ids": listed(sorted(set(lead_ids)))}).scalars())
    if not quiet:
        return set()
    dropped = conn.execute(_DROP, {"ids": listed(quiet)}).rowcount
    found: set[str] = set()
    closed: list[str] = []
    for connection, key, lead, payload, task in conn.execute(_STANDING, {"ids": listed(quiet)}).all():
        told = decode(payload or "{}", dict[str, Any])
        closing = {"id": task, "because": NO_CONTACT, "subject": told.get("subject", "")}
        want_once(conn, connection, "closing", [NewOnce(key=f"closing:{key}", lead_id=lead, payload=closing)], at)
        found.add(connection)
        closed.append(key)
    if dropped or closed:
        detail = {"leads": quiet, "dropped": dropped, "closed": closed}
        audit_trail.add(
            conn, [Entry(at=at, actor="coldframe", action="silence", subject="suppressed leads", detail=detail)]
        )
    return found
