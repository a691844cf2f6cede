"""Connection health: how each connection is, from what the workers have stored. Asks no CRM."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from connectors import vendors
from connectors.base.limits import unused
from integration.settings.environment import Settings
from integration.store.crm import call_usage, connection_pauses
from integration.store.crm.connection_pauses import Pause
from integration.store.db.session import Store
from integration.store.outgoing import outbox_backlog
from integration.store.progress import drift_looks, poll_progress
from integration.store.progress.drift_looks import Look
from integration.wiring import connection_names
from integration.wiring.connection_names import Known
from integration.wiring.whole_service import Service
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One connection. `served`: this process has it; `read_at`: when the object read longest ago was read whole.

    `calls` are those left of the day for people and workers, None where the CRM has not said.
    """

    known: Known
    label: str
    served: bool
    pause: Pause | None
    refused: str
    calls: int | None
    daily: int | None
    read_at: Instant | None
    look: Look | None
    waiting: int

    @property
    def working(self) -> bool:
        """Whether nothing is known that keeps it from working."""
        return self.served and self.pause is None and not self.refused


def healths(settings: Settings, store: Store, service: Service, now: Instant) -> Sequence[Health]:
    """Every connection, the preferred home of tasks first. Raises StoreError."""
    found = connection_names.known(settings, store)
    with store.read() as conn:
        pauses = connection_pauses.paused(conn, now)
        return [_health(conn, each, service, pauses.get(each.name), now) for each in found]


def _health(conn: Sql, known: Known, service: Service, pause: Pause | None, now: Instant) -> Health:
    tally = call_usage.get(conn, known.name)
    limit = tally.usage.daily_limit
    return Health(
        known=known,
        label=vendors.vendor(known.system).label,
        served=known.name in service.connections,
        pause=pause,
        refused=known.row.reason if known.row is not None and known.row.state == "refused" else "",
        calls=None if limit is None else unused(tally, now, reserve=0.0).calls,
        daily=limit,
        read_at=_read_at(conn, known, service),
        look=drift_looks.last(conn, known.name),
        waiting=outbox_backlog.sendable(conn, known.name),
    )


def _read_at(conn: Sql, known: Known, service: Service) -> Instant | None:
    """When the object that was read longest ago was last read whole; None before that."""
    connection = service.connections.get(known.name)
    marks = [poll_progress.mark(conn, known.name, name) for name in (connection.mapping.objects if connection else ())]
    return min((mark.passed_at for mark in marks if mark is not None and mark.passed_at), default=None)
