"""The call log: what was asked of the sandbox: the last calls in full, and a count of all of them."""

import re
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sandbox.shared.http_call import decoded

_ID = re.compile(r"/(?:\d{4,}|[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?)(?=/|$)")


@dataclass(slots=True, kw_only=True, frozen=True)
class Entry:
    """One call: `status` 0 where the connection was dropped; `fault` is the kind of fault that struck it, or ""."""

    number: int
    at: int
    system: str
    method: str
    path: str
    query: str
    raw: bytes
    status: int
    applied: bool
    fault: str = ""

    @property
    def body(self) -> Any:
        """The request's body, decoded where it is JSON."""
        return decoded(self.raw)

    def shown(self) -> dict[str, Any]:
        """The entry for JSON."""
        return {
            "number": self.number,
            "at": self.at,
            "system": self.system,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "body": self.body,
            "status": self.status,
            "applied": self.applied,
            "fault": self.fault,
        }


@lru_cache(maxsize=4096)
def shape(path: str) -> str:
    """A path with its record ids taken out, for counting: `/crm/objects/2026-09/contacts/{id}`."""
    return _ID.sub("/{id}", path)


WATCHERS: list[Callable[[Entry], None]] = []
"""Called with every call to any sandbox of this process; tests put theirs here."""


class Log:
    """The calls of one system. `size` bounds what is kept in full; the counts go on for ever."""

    def __init__(self, system: str, size: int) -> None:
        self.system = system
        self._kept: deque[Entry] = deque(maxlen=size)
        self._counts: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()
        self._number = 0
        self._lock = threading.Lock()

    def write(self, entry: Entry) -> None:
        """Add a call; its number is given here."""
        with self._lock:
            self._number += 1
            object.__setattr__(entry, "number", self._number)
            self._kept.append(entry)
            self._counts[f"{entry.method} {shape(entry.path)}"] += 1
            self._statuses[entry.status] += 1
        for watcher in tuple(WATCHERS):
            watcher(entry)

    def entries(self, *, method: str = "", path: str = "") -> list[Entry]:
        """The kept calls in order, with this method and this text in their path."""
        with self._lock:
            kept = list(self._kept)
        return [entry for entry in kept if method in {"", entry.method} and path in entry.path]

    def counts(self) -> dict[str, int]:
        """How many calls of each shape there have been: `{"POST /crm/objects/2026-09/contacts/batch/update": 12}`."""
        with self._lock:
            return dict(self._counts)

    def statuses(self) -> dict[int, int]:
        """How many calls had each status (0: dropped)."""
        with self._lock:
            return dict(self._statuses)

    def clear(self) -> None:
        """Forget all calls and counts."""
        with self._lock:
            self._kept.clear()
            self._counts.clear()
            self._statuses.clear()
            self._number = 0
