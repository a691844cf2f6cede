"""The write guard: the one place where writing is taken from the connections, whichever part of the service asks."""

from collections.abc import Callable
from dataclasses import replace

from connectors.shared.shadow_connector import Shadowed
from integration.flows.base import write_access
from integration.flows.base.service import Connection
from integration.settings.environment import Settings
from integration.store.db.session import Store


def shadowed(connection: Connection, may_write: Callable[[], bool] = lambda: False) -> Connection:
    """The connection, in shadow mode whenever it may not write."""
    return replace(connection, connector=Shadowed(connection.connector, may_write))


def guarded(connection: Connection, given: Settings, store: Store | None) -> Connection:
    """The connection, which asks the store at every write whether somebody has gone live."""
    return shadowed(connection, lambda: _may_write(given, store))


def _may_write(given: Settings, store: Store | None) -> bool:
    if store is None:
        return False
    with store.read() as conn:
        return not write_access.shadowed(conn, forced=given.shadow)
