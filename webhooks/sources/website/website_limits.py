"""Limits of what browsers send: so many requests a minute of each site and visitor, and so many introductions.

Counted in this process alone, by the minute: a public key keeps nobody out, so that what it lets in has to be bounded.
"""

import threading
from collections import Counter

from mappings.values.instant import MINUTE, Instant

SITE = 600
"""Requests of one site in a minute."""
VISITOR = 30
"""Requests of one visitor in a minute."""
INTRODUCTIONS = 60
"""Requests of one site in a minute that name an e-mail: each new one is looked for in every CRM."""


class Limits:
    """What was taken in the minute that has begun. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = -1
        self._counts: Counter[tuple[str, str]] = Counter()

    def take(self, site: str, visitor: str, now: Instant, *, introduces: bool) -> bool:
        """Count one request; False where it is one too many."""
        with self._lock:
            if now // MINUTE != self._minute:
                self._minute = now // MINUTE
                self._counts.clear()
            wanted = [(("site", site), SITE), (("visitor", f"{site} {visitor}"), VISITOR)]
            if introduces:
                wanted.append((("introductions", site), INTRODUCTIONS))
            if any(self._counts[name] >= most for name, most in wanted):
                return False
            self._counts.update(name for name, _ in wanted)
            return True
