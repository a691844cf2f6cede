"""Innocent client: asks for health and sends deliveries, in a process of its own that no attack slows down.

It reads from its standard input for how long to ask, and says on its standard output what it was answered.
"""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import count
from types import TracebackType
from typing import Any, Self

import requests
from standardwebhooks import Webhook

from integration.processes.with_parent import wrapped
from integration.rig.stage.signed_delivery import PATH, signed

HEALTH = "GET /healthz"
DELIVERY = "a delivery"
PATIENCE = 10.0
"""Seconds that it waits for one answer."""
_PAUSE = 0.02
_EMAIL = "innocent@attack.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was asked for, the seconds that the answer took, and its status; None and why where there was none."""

    name: str
    seconds: float
    status: int | None
    missing: str = ""


class InnocentClient:
    """The process, from `with` to its end. `secret` signs its deliveries."""

    def __init__(self, url: str, secret: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            wrapped([sys.executable, "-m", __name__], signal.SIGKILL),
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say({"url": url, "secret": secret})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def ask(self, seconds: float, least: int) -> list[Answer]:
        """Ask for health and send a delivery, again and again for so long, so many times at least.

        It gives up after an answer that does not come. Raises RuntimeError where the process is gone.
        """
        self._say({"seconds": seconds, "least": least})
        said = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not said:
            msg = "the process of the innocent client is gone"
            raise RuntimeError(msg)
        return [Answer(**each) for each in json.loads(said)]

    def _say(self, what: Mapping[str, Any]) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(what) + "\n")
                self._process.stdin.flush()


def _timed(name: str, ask: Callable[[], int]) -> Answer:
    started = time.monotonic()
    try:
        status, missing = ask(), ""
    except requests.RequestException as error:
        status, missing = None, type(error).__name__
    return Answer(name=name, seconds=time.monotonic() - started, status=status, missing=missing)


def _asked(url: str, signer: Webhook, numbers: Iterator[int], seconds: float, least: int) -> list[Answer]:
    """Each request on a connection of its own, as senders that come and go make them."""

    def healthy() -> int:
        return requests.get(f"{url}/healthz", timeout=PATIENCE).status_code

    def delivered() -> int:
        name, at = f"innocent-{next(numbers)}", datetime.now(UTC).isoformat()  # noqa: TID251 - the sender's own clock
        item = {"id": name, "type": "page_view", "at": at, "email": _EMAIL, "properties": {"path": "/"}}
        body, headers = signed(signer, [item], name)
        return requests.post(f"{url}{PATH}", data=body, headers=headers, timeout=PATIENCE).status_code

    found: list[Answer] = []
    until = time.monotonic() + seconds
    while len(found) < 2 * least or time.monotonic() < until:
        found += [_timed(HEALTH, healthy), _timed(DELIVERY, delivered)]
        if any(each.missing for each in found):
            break
        time.sleep(_PAUSE)
    return found


def main() -> None:
    """Answer requests until nobody sends any more."""
    told = json.loads(sys.stdin.readline())
    signer, numbers = Webhook(told["secret"]), count()
    for line in sys.stdin:
        found = _asked(told["url"], signer, numbers, **json.loads(line))
        print(json.dumps([asdict(each) for each in found]), flush=True)  # noqa: T201 - this is how it answers


if __name__ == "__main__":
    main()
