"""HubSpot's limits: calls in ten seconds, calls a day, searches a second [hubspot: limits]."""

import threading
from collections import deque

from sandbox.shared.sandbox_clock import DAY, Now

_TEN_SECONDS = 10_000
_SECOND = 1_000
SEARCHES = 5


class Limits:
    """Counts calls over rolling windows; 0 means no limit. `window` is in milliseconds, ten seconds as HubSpot's."""

    def __init__(self, now: Now, *, ten_secondly: int = 0, daily: int = 0, searches: int = SEARCHES) -> None:
        self.ten_secondly = ten_secondly
        self.daily = daily
        self.searches = searches
        self.window = _TEN_SECONDS
        self._now = now
        self._lock = threading.Lock()
        self._recent: deque[int] = deque()
        self._searched: deque[int] = deque()
        self._day = 0
        self._today = 0

    def spend(self, *, search: bool) -> str:
        """Count one call; the name of the policy that refuses it, or ""."""
        at = self._now()
        with self._lock:
            if search and self.searches:
                _forget(self._searched, at - _SECOND)
                if len(self._searched) >= self.searches:
                    return "SECONDLY"
                self._searched.append(at)
            if self._day != at // DAY:
                self._day, self._today = at // DAY, 0
            if self.daily and self._today >= self.daily:
                return "DAILY"
            if self.ten_secondly:
                _forget(self._recent, at - self.window)
                if len(self._recent) >= self.ten_secondly:
                    return "TEN_SECONDLY_ROLLING"
                self._recent.append(at)
            self._today += 1
        return ""

    def wait(self) -> int:
        """Whole seconds until a call of the ten-second window is free again, at least one."""
        left = self._recent[0] + self.window - self._now() if self._recent else _SECOND
        return max(1, -(-left // _SECOND))

    def headers(self, *, search: bool) -> tuple[tuple[str, str], ...]:
        """The headers that say what is left; search answers carry none.

        Without a limit they name one that nobody reaches: a caller that heeds them is not to be slow for nothing.
        """
        if search:
            return ()
        most = self.ten_secondly or 10_000
        daily = self.daily or 650_000
        left = most - len(self._recent) if self.ten_secondly else most
        return (
            ("X-HubSpot-RateLimit-Max", str(most)),
            ("X-HubSpot-RateLimit-Remaining", str(max(0, left))),
            ("X-HubSpot-RateLimit-Interval-Milliseconds", str(self.window)),
            ("X-HubSpot-RateLimit-Daily", str(daily)),
            ("X-HubSpot-RateLimit-Daily-Remaining", str(max(0, daily - self._today))),
        )


def _forget(times: deque[int], before: int) -> None:
    while times and times[0] <= before:
        times.popleft()
