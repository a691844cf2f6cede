"""Counts the webhooks that are refused, with the likely cause, at a bounded cost however many come."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable

import structlog

from integration.store.db.errors import StoreError
from integration.store.db.session import Store
from integration.store.progress import refused_webhooks
from mappings.values.instant import Instant
from webhooks.refusal_causes import SAID, Cause

log = structlog.get_logger()

_EXAMINED_EVERY = 1.0
"""Seconds between two requests of a source whose cause is looked for: it costs a few signatures over the whole body."""
_KEPT_EVERY = 10.0
"""Seconds between two writes to the store, and two lines of the log."""


class RefusedWebhooks:
    """What one process has refused; safe for threads. `count` gets a source and a cause for each."""

    def __init__(
        self,
        store: Store,
        count: Callable[[str, str], None],
        now: Callable[[], Instant],
        monotonic: Callable[[], float],
    ) -> None:
        self._store, self._count, self._now = store, count, now
        self._examining: dict[str, _Turns] = defaultdict(lambda: _Turns(_EXAMINED_EVERY, monotonic))
        self._keeping = _Turns(_KEPT_EVERY, monotonic)
        self._lock = threading.Lock()
        self._fresh: Counter[tuple[str, Cause]] = Counter()

    def note(self, source: str, why: Callable[[], Cause]) -> None:
        """One was refused. Neither raises nor, but once in ten seconds, waits for the store."""
        cause = why() if self._examining[source].take() else "not_examined"
        self._count(source, cause)
        with self._lock:
            self._fresh[source, cause] += 1
        if self._keeping.take():
            self.keep()

    def keep(self) -> None:
        """Store and log what has gathered; what the store does not take now is kept for the next time."""
        with self._lock:
            fresh, self._fresh = self._fresh, Counter()
        if not fresh:
            return
        try:
            with self._store.write() as conn:
                refused_webhooks.add(conn, [(*what, count) for what, count in fresh.items()], self._now())
        except StoreError:
            with self._lock:
                self._fresh.update(fresh)
            return
        for (source, cause), count in fresh.items():
            log.warning("webhooks refused", source=source, cause=cause, count=count, they=SAID[cause])


class _Turns:
    """Gives a turn at most so often; safe for threads."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds, self._monotonic, self._lock = seconds, monotonic, threading.Lock()
        self._last = float("-inf")

    def take(self) -> bool:
        """Whether the last turn is long enough ago; it is taken then."""
        with self._lock:
            due = self._monotonic() - self._last >= self._seconds
            if due:
                self._last = self._monotonic()
            return due
