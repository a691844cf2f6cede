"""Counts the store's figures in one process, for everybody who asks for them.

What is shown as it stands now is counted every few seconds; what takes longer, a week's figures and what is amiss, once
a minute.
"""

import threading
import time
from collections.abc import Callable

import structlog

from integration.examining import stored_findings
from integration.flows.base.running_playbook import following
from integration.flows.levels import week_figures
from integration.settings.environment import Settings
from integration.store.db.errors import StoreError
from integration.store.db.session import Store
from integration.store.overall import figure_snapshots
from integration.wiring import build, clock
from integration.wiring.unusable import UnusableError
from integration.wiring.whole_service import Service
from mappings.values.instant import Instant

log = structlog.get_logger()

EVERY = 10.0
SLOW_EVERY = 60.0
_SHARE = 10
"""Counting takes at most this part of the time: in a large store it is done less often."""


def start(store: Store, settings: Settings, now: Callable[[], Instant] = clock.now) -> None:
    """Count from two threads of their own until the process ends; they need no Redis."""
    _repeat("figures", EVERY, lambda: figure_snapshots.count(store, now()))
    _repeat("week's figures", SLOW_EVERY, lambda: count_slow(build.service(), settings))


def count_slow(service: Service, settings: Settings) -> None:
    """Count the figures of a week, and keep what is amiss as far as no CRM has to be asked. Raises StoreError."""
    week_figures.count(following(service))
    stored_findings.keep(settings, service.store, service.now())


def _repeat(name: str, seconds: float, count: Callable[[], None]) -> None:
    threading.Thread(target=_count, args=(seconds, count), name=name, daemon=True).start()


def _count(seconds: float, count: Callable[[], None]) -> None:
    while True:
        begun = clock.monotonic()
        try:
            count()
        except (StoreError, UnusableError) as error:
            log.warning("the store could not be counted", error=type(error).__name__)
        time.sleep(max(seconds, _SHARE * (clock.monotonic() - begun)))
