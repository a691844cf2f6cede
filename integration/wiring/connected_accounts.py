"""Connected accounts: which of a system are known, kept in memory, so that no webhook waits for the store.

And whether a connection has come or gone since this process was started, which then starts anew.
"""

import contextlib
import math
import threading
from collections.abc import Callable, Collection

from integration.settings.environment import Settings
from integration.store.db.errors import StoreError
from integration.store.db.session import Store
from integration.wiring import connection_names
from mappings.values.identifiers import System

_REMEMBERED = 30.0
LOOK_SECONDS = 5.0
"""How often a process looks whether a connection has come or gone."""


class ConnectedAccounts:
    """The accounts of all connections to a system; none where one of them is not known yet. Safe for threads."""

    def __init__(self, settings: Settings, store: Store, system: System, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._store = store
        self._system = system
        self._monotonic = monotonic
        self._reading = threading.Lock()
        self._due = -math.inf
        self._known: Collection[str] = ()

    def __call__(self) -> Collection[str]:
        """As of half a minute ago, or as they were when the store answered last; whoever asks first reads them anew."""
        if self._monotonic() >= self._due and self._reading.acquire(blocking=False):
            try:
                self._due = self._monotonic() + _REMEMBERED
                with contextlib.suppress(StoreError):
                    self._known = self._read()
            finally:
                self._reading.release()
        return self._known

    def _read(self) -> Collection[str]:
        those = [each for each in connection_names.known(self._settings, self._store) if each.system == self._system]
        return frozenset(each.account for each in those) if all(each.account for each in those) else ()


class ConnectionChanges:
    """Whether other connections are there than when this was made. It keeps no connection to the store open.

    It keeps the engine: making one takes more of a processor than a look does, and each host looks for ever.
    """

    def __init__(self, settings: Settings, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._due = monotonic() + LOOK_SECONDS
        self._store: Store | None = None
        self._began = self._now_there()

    def __call__(self) -> bool:
        """As of some seconds ago. A store that does not answer says nothing of it."""
        if self._monotonic() < self._due:
            return False
        self._due = self._monotonic() + LOOK_SECONDS
        there = self._now_there()
        if self._began is None:
            self._began = there
        return there is not None and there != self._began

    def _now_there(self) -> frozenset[tuple[str, str, str]] | None:
        """Name, system and account of each; None where the store does not say."""
        try:
            self._store = self._store or connection_names.existing(self._settings)
            found = () if self._store is None else connection_names.known(self._settings, self._store)
        except StoreError:
            return None
        finally:
            if self._store is not None:
                self._store.dispose()
        return frozenset((each.name, each.system, each.account if each.row is not None else "") for each in found)
