"""The webhook sender: batches of at most 100, signed, tried again when they fail [hubspot: webhooks]."""

import base64
import hashlib
import hmac
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

import requests

from sandbox.hubspot.state.change_events import Events
from sandbox.shared.http_call import encoded
from sandbox.shared.sandbox_clock import Now
from sandbox.shared.seeded_random import Chance

MOST = 100
ATTEMPTS = 11
"""The first and up to ten more."""
_TIMEOUT = 5.0
Batch: TypeAlias = list[dict[str, Any]]


def signature(secret: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    """Version 3: base64 of the HMAC-SHA256 of method, URI, raw body and timestamp."""
    source = method.encode() + url.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), source, hashlib.sha256).digest()).decode()


class Sender:
    """One thread that carries events to the app.

    `pause` seconds lie before a second attempt, twice that before a third.
    `sign_url` is the URI that is signed, where it differs from the one called (an app behind a proxy).
    """

    def __init__(  # noqa: PLR0913  # by name, and the sandbox's own switches
        self, events: Events, *, url: str, secret: str, now: Now, seed: int, pause: float, sign_url: str = ""
    ) -> None:
        self.events = events
        self.url = url
        self.secret = secret
        self.sign_url = sign_url
        self.pause = pause
        self.linger = 0.0
        """Seconds to wait for more events before a batch goes out."""
        self.delivered = 0
        self.failed = 0
        self.given_up = 0
        self.statuses: deque[int] = deque(maxlen=1_000)
        self.sent: deque[Batch] = deque(maxlen=200)
        """The last batches that were answered with 2xx."""
        self._now = now
        self._chance = Chance(seed + 3)
        self._retries: list[tuple[float, Batch]] = []
        self._busy = False
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to carry; without a URL there is nothing to do."""
        if not self.url or self._thread is not None:
            return
        self.events.wanted = True
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what was not carried is lost."""
        self._stop.set()
        self.events.news.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.events.wanted = False

    def drain(self, timeout: float = 30.0) -> bool:
        """Wait until every event has been carried or given up; False where that takes longer."""
        return self._wait(lambda: self.pending() == 0, timeout)

    def pending(self) -> int:
        """How many events are waiting, for a first or a further attempt, or on their way."""
        with self._lock:
            waiting = sum(len(batch) for _, batch in self._retries)
            return len(self.events) + waiting + int(self._busy)

    def redeliver(self, batches: int = 1) -> int:
        """Send the last batches once more, as HubSpot sometimes does; how many there were."""
        again = list(self.sent)[-batches:]
        for batch in again:
            self._put_back(0.0, [dict(event) for event in batch])
        return len(again)

    def _wait(self, done: Callable[[], bool], timeout: float) -> bool:
        end = time.monotonic() + timeout
        while not done():
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def _run(self) -> None:
        with requests.Session() as session:
            while not self._stop.is_set():
                batch = self._next()
                if batch:
                    self._carry(session, batch)
                    with self._lock:
                        self._busy = False
                else:
                    self.events.news.wait(0.02 if self._retries else 0.2)

    def _next(self) -> Batch:
        if self.linger and len(self.events) < MOST:
            self._stop.wait(self.linger)
        with self._lock:
            at = time.monotonic()
            for place, (due, batch) in enumerate(self._retries):
                if due <= at:
                    del self._retries[place]
                    self._busy = True
                    return batch
            self._busy = True
            fresh = self.events.take(MOST)
            self._busy = bool(fresh)
            return fresh

    def _carry(self, session: requests.Session, batch: Batch) -> None:
        body = encoded(batch)
        timestamp = str(self._now())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Connect 2.0 (sandbox)",
            "X-HubSpot-Request-Timestamp": timestamp,
            "X-HubSpot-Signature-Version": "v3",
            "X-HubSpot-Signature-v3": signature(self.secret, "POST", self.sign_url or self.url, body, timestamp),
        }
        try:
            with session.post(
                self.url, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            ) as response:
                status = response.status_code
        except requests.RequestException:
            status = 0
        self.statuses.append(status)
        if 200 <= status < 300:  # noqa: PLR2004  # HTTP's success
            self.delivered += len(batch)
            self.sent.append(batch)
            return
        self.failed += 1
        attempt = batch[0]["attemptNumber"] + 1
        if attempt >= ATTEMPTS:
            self.given_up += len(batch)
            return
        again = [{**event, "attemptNumber": attempt} for event in batch]
        self._put_back(self.pause * (2 ** (attempt - 1)) * (1 + self._chance.random() / 10), again)

    def _put_back(self, delay: float, batch: Batch) -> None:
        with self._lock:
            self._retries.append((time.monotonic() + delay, batch))
