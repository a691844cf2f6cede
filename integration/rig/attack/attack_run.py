"""An attack run: each attack goes on while others ask, and afterwards everything has to work as before."""

import contextlib
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import requests
from redis.exceptions import RedisError

from integration.rig.attack.attack_ground import LATEST, Attack, Ground
from integration.rig.attack.innocent_client import DELIVERY, Answer, InnocentClient
from integration.rig.stage.rig import Rig, activity
from integration.store.db.errors import StoreError
from integration.wiring import clock

LONGEST_DEAD = 60.0
"""Seconds within which everything works as before once an attack is over."""
_TIMES_AS_LONG = 10
"""What may stay dead for longer: a machine so busy with other things that the same takes a tenth of it unattacked."""
LONGEST_RUN = 1_200.0
"""Seconds after which no further attack is begun."""
DEAD = "it does not work as before"
_STARTING = 180.0
_QUIET_PROBES = 5
_EMAIL = "probe@attack.example"
_NUMBERS = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one attack: seconds of the slowest answer, until everything worked as before, and altogether.

    `quiet` is the slowest answer that the innocent client had just before. `ratio` is how many times as long its usual
    delivery took as before; None where nothing was asked meanwhile.
    """

    point: int
    name: str
    slowest: float = 0.0
    quiet: float = 0.0
    ratio: float | None = None
    recovered: float = 0.0
    seconds: float = 0.0
    faults: tuple[str, ...]


def all_carried_out(
    running: Rig, chosen: Sequence[Attack], latest: float, dead: float, tell: Callable[[Result], None]
) -> Iterator[Result]:
    """The result of one attack after the other. Where the product stays dead, or time is up, the others are not tried.

    `latest` and `dead` are the seconds that an answer may take, and everything until it works as before.
    """
    until, ended = clock.monotonic() + LONGEST_RUN, ""
    secret = running.programs.environment["COLDFRAME_ACTIVITY_SECRET"]
    with InnocentClient(running.url, secret, running.programs.environment) as client:
        for each in chosen:
            if ended:
                yield Result(point=each.point, name=each.name, faults=(f"it was not carried out: {ended}",))
                continue
            found = carried_out(running, client, each, latest, dead)
            tell(found)
            yield found
            if any(fault.startswith(DEAD) for fault in found.faults):
                ended = f"the product stayed dead after {each.name!r}"
            elif clock.monotonic() > until:
                ended = f"the run took longer than {LONGEST_RUN:g} s"


def works(running: Rig, seconds: float) -> bool:
    """Whether the service is alive, takes a delivery and has done all its work within so many seconds."""
    running.programs.watch()
    name = f"probe-{next(_NUMBERS)}"
    item = activity(name, _EMAIL, "page_view", clock.now(), {"path": "/"})
    with contextlib.suppress(requests.RequestException), contextlib.closing(requests.Session()) as session:
        alive = session.get(f"{running.url}/healthz", timeout=LATEST).ok
        if alive and replace(running, session=session).post([item], delivery=name, timeout=LATEST).ok:
            return running.wait(lambda: running.waiting() == 0, seconds=seconds, every=0.1)
    return False


def started(running: Rig) -> float:
    """Wait until the product has done its first work, so that no attack is blamed for that; how long it may stay dead.

    That is ten times as long as the machine needs for one delivery without any attack. Raises RuntimeError.
    """
    if not running.wait(lambda: works(running, LONGEST_DEAD), seconds=_STARTING):
        msg = f"the product does not work, before any attack; see {running.log}"
        raise RuntimeError(msg)
    began = clock.monotonic()
    works(running, LONGEST_DEAD)
    return _TIMES_AS_LONG * (clock.monotonic() - began)


def carried_out(running: Rig, client: InnocentClient, attack: Attack, latest: float, dead: float) -> Result:
    """Carry out one attack, and see that everything works as before afterwards."""
    began = clock.monotonic()
    before = client.ask(0.0, _QUIET_PROBES)
    ground = Ground(running, client, latest)
    try:
        attack.run(ground)
    except (requests.RequestException, OSError, RedisError, StoreError, subprocess.SubprocessError) as error:
        ground.faults.append(f"it could not be carried out: {type(error).__name__}: {error}")
    if attack.down:
        ground.slowest, ground.faults, ground.answers = 0.0, [], []
    ended, working = clock.monotonic(), False
    while not working and (left := ended + dead - clock.monotonic()) > 0:
        working = works(running, left)
        time.sleep(0 if working else 0.1)
    if not working:
        ground.faults.append(f"{DEAD} after {dead:.0f} s")
    return Result(
        point=attack.point,
        name=attack.name,
        slowest=ground.slowest,
        quiet=max(each.seconds for each in before),
        ratio=_ratio(ground.answers, before),
        recovered=clock.monotonic() - ended,
        seconds=clock.monotonic() - began,
        faults=tuple(dict.fromkeys(ground.faults)),
    )


def _ratio(meanwhile: Sequence[Answer], before: Sequence[Answer]) -> float | None:
    """How many times as long a usual delivery takes."""
    usual = [[each.seconds for each in some if each.name == DELIVERY] for some in (meanwhile, before)]
    return statistics.median(usual[0]) / statistics.median(usual[1]) if all(usual) else None
