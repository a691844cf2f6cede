"""A restored store: what was sent after its backup is in the CRMs already, and the store does not know of it."""

from typing import Final

from sqlalchemy import Connection

from integration.store.db import kept_values
from mappings.values.instant import DAY, Instant, Span

LOOKED_FOR: Span = 30 * DAY
"""How long after a restore every task is looked for in its CRM before it is made."""

_RESTORED: Final = "restored"


def mark(conn: Connection, now: Instant) -> None:
    """This store has just been restored from a backup."""
    kept_values.put_of_service(conn, _RESTORED, str(now), now)


def lately(conn: Connection, now: Instant) -> bool:
    """Whether it was restored so short a time ago that a task may be in its CRM without anybody here knowing."""
    found = kept_values.of_service(conn, _RESTORED)
    return found is not None and now < int(found) + LOOKED_FOR
