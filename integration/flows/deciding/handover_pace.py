"""Handover pace: leads that are handed over for another reason than their own come to sales so many in an hour.

A changed playbook and going live hand over together: when the next lead may go is one time in the store.
"""

from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from integration.store.progress import next_handover
from mappings.values.instant import HOUR, Instant


@dataclass(slots=True)
class Pace:
    """From `free` on the next lead may be handed over, and `per_hour` of them in an hour; 0 for any number."""

    free: Instant
    per_hour: int

    def take(self) -> Instant:
        """The next lead's turn."""
        at = self.free
        if self.per_hour:
            self.free += HOUR // self.per_hour
        return at

    def keep(self, conn: Sql, now: Instant) -> None:
        """Store from when on the next lead may be handed over."""
        next_handover.put(conn, self.free, now)
