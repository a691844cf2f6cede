"""The ground of an attack: the running product, an innocent client of it, and what was seen of both meanwhile."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import requests

from integration.rig.attack.innocent_client import DELIVERY, HEALTH, Answer, InnocentClient
from integration.rig.stage.rig import Rig
from integration.wiring import clock

LATEST = 2.0
"""Seconds within which everything is answered, whatever goes on."""
_LEAST_PROBES = 3
_PROBE_SECONDS = 1.0
_EXPECTED = {HEALTH: HTTPStatus.OK, DELIVERY: HTTPStatus.ACCEPTED}


@dataclass(slots=True)
class Ground:
    """The running product, an innocent client of it, and what was seen of it during one attack."""

    running: Rig
    client: InnocentClient
    latest: float = LATEST
    """Seconds within which everything has to be answered."""
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    """What the innocent client was answered while the attack went on."""

    def probe(self, seconds: float = _PROBE_SECONDS) -> None:
        """Have the innocent client ask again and again for so long, three times at least."""
        found = self.client.ask(seconds, _LEAST_PROBES)
        self.answers += found
        for each in found:
            self._judge(each)
            if each.status not in {None, _EXPECTED[each.name]}:
                self.faults.append(f"{each.name} was answered with {each.status}")

    def answer(self, name: str, ask: Callable[[], int]) -> int | None:
        """Ask, and note how long the answer takes; its status, or None where there was none."""
        started = clock.monotonic()
        try:
            status, missing = ask(), ""
        except requests.RequestException as error:
            status, missing = None, type(error).__name__
        self._judge(Answer(name=name, seconds=clock.monotonic() - started, status=status, missing=missing))
        return status

    def _judge(self, answer: Answer) -> None:
        self.slowest = max(self.slowest, answer.seconds)
        if answer.missing:
            self.faults.append(f"{answer.name} had no answer ({answer.missing})")
        if answer.seconds > self.latest:
            self.faults.append(f"{answer.name} took {answer.seconds:.1f} s")
        if answer.status is not None and answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.faults.append(f"{answer.name} was answered with {answer.status}")

    def post(self, items: Sequence[Any], delivery: str) -> requests.Response:
        """Send one signed delivery of activities. RequestException where no answer comes in time."""
        with contextlib.closing(requests.Session()) as session:
            return replace(self.running, session=session).post(items, delivery=delivery, timeout=self.latest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack. `point` is what it is about, `short` whether a short run has it too.

    `run` carries it out, and asks the ground to `probe` while it goes on. `down` says that the attack takes the
    service away for a moment: then only how long that lasts counts.
    """

    point: int
    name: str
    run: Callable[["Ground"], None]
    short: bool = False
    down: bool = False


@contextlib.contextmanager
def beside(action: Callable[[], object], times: int) -> Iterator[None]:
    """So many threads that do something again and again until the block ends."""
    over = threading.Event()

    def again() -> None:
        while not over.is_set():
            with contextlib.suppress(requests.RequestException):
                action()

    threads = [threading.Thread(target=again, daemon=True) for _ in range(times)]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        over.set()
        for each in threads:
            each.join()
