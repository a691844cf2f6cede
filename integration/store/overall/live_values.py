"""Live values: whether the CRMs are written to, since when and how fast, in one statement for a batch."""

from dataclasses import dataclass

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.events import live_since
from integration.store.events.live_since import Live
from integration.store.progress import write_permission
from integration.store.progress.write_permission import WritePermission
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveValues:
    """Since when the service is live or in shadow, by whose permission it writes, and when it hands over next.

    None where there is none; `next_handover` is 0 where the next may go at once.
    """

    live: Live | None
    shadow_since: Instant | None
    permission: WritePermission | None
    next_handover: Instant


def load(conn: Connection) -> LiveValues:
    """All of it as it is now."""
    found = kept_values.of_service_together(conn, ("live_since", "shadow_since", "write_permission", "next_handover"))
    shadow = found.get("shadow_since")
    return LiveValues(
        live=live_since.read(found.get("live_since")),
        shadow_since=None if shadow is None else int(shadow),
        permission=write_permission.read(found.get("write_permission")),
        next_handover=int(found.get("next_handover", 0)),
    )
