"""An attack run: each attack goes on while others ask, and afterwards everything has to work as before."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import count
from typing import Any

import requests

from integration.rig.stage.rig import Rig, activity
from integration.wiring import clock

LATEST = 2.0
"""Seconds within which everything is answered, whatever goes on."""
LONGEST_DEAD = 60.0
"""Seconds within which everything works as before once an attack is over."""
_STARTING = 180.0
_LEAST_PROBES = 3
_PROBE_SECONDS = 1.0
_EMAIL = "probe@attack.example"
_NUMBERS = count()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one attack: seconds of the slowest answer, and seconds until everything worked as before."""

    point: int
    name: str
    slowest: float
    recovered: float
    faults: tuple[str, ...]


@dataclass(slots=True)
class Ground:
    """The running product, and what was seen of it during one attack."""

    running: Rig
    latest: float = LATEST
    """Seconds within which everything has to be answered."""
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)

    def probe(self, seconds: float = _PROBE_SECONDS) -> None:
        """Ask for health and send a delivery, again and again for so long, three times at least."""
        until, times = clock.monotonic() + seconds, 0
        while times < _LEAST_PROBES or clock.monotonic() < until:
            self._expect("GET /healthz", HTTPStatus.OK, self._healthy)
            self._expect("a delivery", HTTPStatus.ACCEPTED, self._delivered)
            times += 1

    def _expect(self, name: str, status: int, ask: Callable[[], int]) -> None:
        """Ask, and note how long the answer takes and whether it is another than this."""
        said = self.answer(name, ask)
        if said not in {status, None}:
            self.faults.append(f"{name} was answered with {said}")

    def answer(self, name: str, ask: Callable[[], int]) -> int | None:
        """Ask, and note how long the answer takes; its status, or None where there was none."""
        started = clock.monotonic()
        try:
            said = ask()
        except requests.RequestException as error:
            self.faults.append(f"{name} had no answer ({type(error).__name__})")
            said = None
        taken = clock.monotonic() - started
        self.slowest = max(self.slowest, taken)
        if taken > self.latest:
            self.faults.append(f"{name} took {taken:.1f} s")
        if said is not None and said >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.faults.append(f"{name} was answered with {said}")
        return said

    def works(self) -> bool:
        """Whether the service is alive, takes a delivery and has done all its work."""
        self.running.fleet.watch()
        with contextlib.suppress(requests.RequestException):
            return self._healthy() == HTTPStatus.OK and self._delivered() == HTTPStatus.ACCEPTED and self._idle()
        return False

    def _idle(self) -> bool:
        return self.running.wait(lambda: self.running.waiting() == 0, seconds=LONGEST_DEAD, every=0.05)

    def _healthy(self) -> int:
        return requests.get(f"{self.running.url}/healthz", timeout=self.latest).status_code

    def _delivered(self) -> int:
        number = next(_NUMBERS)
        item = activity(f"probe-{number}", _EMAIL, "page_view", clock.now(), {"path": "/"})
        with contextlib.closing(requests.Session()) as session:
            return self.post([item], f"probe-{number}", session).status_code

    def post(self, items: Sequence[Any], delivery: str, session: requests.Session | None = None) -> requests.Response:
        """Send one signed delivery of activities. RequestException where no answer comes in time."""
        mine = replace(self.running, session=session) if session is not None else self.running
        return mine.post(items, delivery=delivery, timeout=self.latest)


def started(running: Rig) -> None:
    """Wait until the product has done its first work, so that no attack is blamed for that. Raises RuntimeError."""
    if not running.wait(Ground(running, latest=LONGEST_DEAD).works, seconds=_STARTING):
        msg = f"the product does not work, before any attack; see {running.log}"
        raise RuntimeError(msg)


def carried_out(running: Rig, attack: Attack, latest: float = LATEST) -> Result:
    """Carry out one attack, and see that everything works as before afterwards."""
    ground = Ground(running, latest)
    attack.run(ground)
    if attack.down:
        ground.slowest, ground.faults = 0.0, []
    started, working = clock.monotonic(), False
    while not working and clock.monotonic() - started < LONGEST_DEAD:
        working = ground.works()
        time.sleep(0 if working else 0.1)
    if not working:
        ground.faults.append(f"it does not work as before after {LONGEST_DEAD:g} s")
    recovered = clock.monotonic() - started
    faults = tuple(dict.fromkeys(ground.faults))
    return Result(point=attack.point, name=attack.name, slowest=ground.slowest, recovered=recovered, faults=faults)


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
