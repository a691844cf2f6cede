"""Next handover: when the next lead may be handed to sales because of a changed playbook."""

from sqlalchemy import Connection

from integration.store.db import kept_values
from mappings.values.instant import Instant


def earliest(conn: Connection, now: Instant) -> Instant:
    """When the next lead may be handed over, `now` at the earliest."""
    return max(now, int(kept_values.of_service(conn, "next_handover") or 0))


def put(conn: Connection, at: Instant, now: Instant) -> None:
    """The next lead may be handed over then."""
    kept_values.put_of_service(conn, "next_handover", str(at), now)
