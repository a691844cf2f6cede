"""Retractions: derived activities that a later look at an account no longer derives."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, update

from integration.store.db.dialects import among
from integration.store.db.json_codec import listed
from integration.store.people import checkpoints
from integration.store.schema.tables import activities, leads
from mappings.values.identifiers import LeadId

_RETRACT = delete(activities).where(among(activities.c.key, "keys"), activities.c.derived.is_(True))
_ANEW = update(leads).where(among(leads.c.id, "ids")).values(state=None)


def retract(conn: Connection, keys: Sequence[str], lead_ids: Collection[LeadId]) -> None:
    """Forget these derived activities; their leads are decided from the beginning next time.

    Mark the leads with `dirty.mark` first, in the same transaction. What was received is never forgotten.
    """
    if keys:
        conn.execute(_RETRACT, {"keys": listed(keys)})
        anew(conn, lead_ids)


def anew(conn: Connection, lead_ids: Collection[LeadId]) -> None:
    """These leads are decided from the beginning next time; mark them with `dirty.mark` first."""
    checkpoints.forget(conn, lead_ids)
    conn.execute(_ANEW, {"ids": listed(sorted(set(lead_ids)))})
