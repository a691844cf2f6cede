"""Suppressed effects: what was decided for people whom nobody is to contact is dropped, or closed."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.dialects import among
from integration.store.db.json_codec import listed
from integration.store.outgoing.pointless_tasks import close
from integration.store.schema.tables import NEW, leads, outbox
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

_o = outbox.c
_SUPPRESSED = select(leads.c.id).where(among(leads.c.id, "ids"), leads.c.stage == "suppressed")
_DROP = delete(outbox).where(
    among(_o.lead_id, "ids"), _o.state == NEW, _o.kind.in_(["task", "touch"]), _o.attempted.is_(False)
)
NO_CONTACT = "Do not contact"
"""What stands before the subject of a task that is closed because the lead is suppressed."""


def silence(conn: Connection, lead_ids: Iterable[LeadId], at: Instant) -> set[ConnectionName]:
    """Whoever of these leads is suppressed gets no task and no touch any more.

    What was not sent is dropped; tasks that stand in a CRM are to be closed there, and the audit trail says so. The
    connections that have something to close. Tasks that are being sent now are seen to by calling this once they are.
    """
    asked = sorted(set(lead_ids))
    quiet = sorted(conn.execute(_SUPPRESSED, {"ids": listed(asked)}).scalars()) if asked else []
    if not quiet:
        return set()
    dropped = conn.execute(_DROP, {"ids": listed(quiet)}).rowcount
    closed = close(conn, quiet, NO_CONTACT, at)
    if dropped or closed.keys:
        detail = {"leads": quiet, "dropped": dropped, "closed": closed.keys}
        audit_trail.add(
            conn, [Entry(at=at, actor="coldframe", action="silence", subject="suppressed leads", detail=detail)]
        )
    return closed.connections
