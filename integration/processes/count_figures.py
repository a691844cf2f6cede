"""Counts the store's figures every few seconds in one process, for everybody who asks for them."""

import threading
import time
from collections.abc import Callable

import structlog

from integration.store.db.errors import StoreError
from integration.store.db.session import Store
from integration.store.overall import figure_snapshots
from integration.wiring import clock
from mappings.values.instant import Instant

log = structlog.get_logger()

EVERY = 10.0
_SHARE = 10
"""Counting takes at most this part of the time: in a large store it is done less often."""


def start(store: Store, now: Callable[[], Instant] = clock.now) -> None:
    """Count from a thread of its own until the process ends; it needs no Redis."""
    threading.Thread(target=_count, args=(store, now), name="figures", daemon=True).start()


def _count(store: Store, now: Callable[[], Instant]) -> None:
    while True:
        begun = clock.monotonic()
        try:
            figure_snapshots.count(store, now())
        except StoreError as error:
            log.warning("the store could not be counted", error=type(error).__name__)
        time.sleep(max(EVERY, _SHARE * (clock.monotonic() - begun)))
