"""The drill: a first sync that is killed again and again, run to its end, and compared with what the CRMs contain."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: the same run every time
from typing import Any

import requests

from integration.flows.going_live.go_live import permit
from integration.rig.drill.drill_memory import Resident
from integration.rig.stage.rig import connected_to, free_port
from integration.settings.environment import Settings, load
from integration.store.db.session import Store
from integration.wiring import clock

_LONGEST_INTO = 0.3
"""Seconds into the work behind a moment at which a kill may fall."""
_MOST_RUNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large the CRMs are, how often the sync is killed, and the seed of all chance."""

    leads: int
    activities: int
    kills: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A sandbox that is running, and an empty, migrated store."""

    sandbox: str
    variables: Mapping[str, str]
    settings: Settings
    store: Store
    session: requests.Session

    def ask(self, path: str) -> Any:
        """What the sandbox says of itself under `/_sandbox/…`."""
        answer = self.session.get(f"{self.sandbox}/_sandbox/{path}", timeout=300)
        answer.raise_for_status()
        return answer.json()


@dataclass(slots=True)
class Drill:
    """One sync with its kills. `tell` is called whenever the sync reports something."""

    ground: Ground
    plan: Plan
    tell: Callable[["Drill"], None]
    kills: list[str] = field(default_factory=list)
    """The phase in which each kill fell."""
    runs: int = 0
    resumed: int = 0
    """How many runs went on in the middle of an object."""
    phase: str = "starting"
    progress: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By phase, how much is done of how much."""
    memory: Resident = field(default_factory=Resident)
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """Records read, leads decided about, and records written, together."""
        return sum(done for done, _ in self.progress.values())

    def run(self) -> None:
        """Run the sync until it ends by itself; RuntimeError where it fails."""
        chance = Random(f"drill {self.plan.seed}")  # noqa: S311 - not cryptography
        whole = self._whole()
        moments = sorted(int(whole * chance.uniform(0.02, 0.95)) for _ in range(self.plan.kills))
        began = time.monotonic()
        while True:
            self.runs += 1
            if self.runs > self.plan.kills + _MOST_RUNS:
                msg = "the sync does not come to its end"
                raise RuntimeError(msg)
            if self._once(moments, chance):
                break
        self.seconds = time.monotonic() - began

    def _once(self, moments: list[int], chance: Random) -> bool:
        """One run of the sync; false where it was killed."""
        command = [sys.executable, "-m", "integration", "sync", "--write", "--json"]
        process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            command, env=dict(self.ground.variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with process, self.memory.watch(process.pid):
            for line in process.stdout or ():
                self._note_progress(json.loads(line))
                last = self.phase.startswith("writing")
                if moments and (self.done >= moments[0] or last):
                    moments.pop(0)
                    time.sleep(chance.random() * _LONGEST_INTO)
                    self.kills.append(self.phase)
                    os.kill(process.pid, signal.SIGKILL)
                    process.wait()
                    return False
            said = process.stderr.read().decode(errors="replace") if process.stderr else ""
            if process.wait():
                msg = f"the sync ended with status {process.returncode}: {said.strip()[-400:]}"
                raise RuntimeError(msg)
        return True

    def _note_progress(self, line: Mapping[str, Any]) -> None:
        phase = str(line["phase"])
        if phase == "reading":
            phase = f"reading {line['connection']} {line['object']}"
            before, _ = self.progress.get(phase, (0, 0))
            self.resumed += bool(line["resumed"] and not line["done"] and line["read"] and self.phase == "starting")
            self.progress[phase] = max(before, int(line["read"])), int(line["total"])
        else:
            left = int(line["left"])
            _, total = self.progress.get(phase, (0, 0))
            total = max(total, left)
            self.progress[phase] = total - left, total
        self.phase = self.memory.phase = phase
        self.tell(self)

    def _whole(self) -> int:
        """About how much there is to do: records to read, leads to decide about, records to write."""
        records = self.ground.ask("counts")["records"]
        everything = sum(sum(held.values()) for held in records.values())
        people = records["hubspot"]["contacts"] + records["salesforce"]["Lead"] + records["salesforce"]["Contact"]
        return int(everything + self.plan.leads + people)


@contextlib.contextmanager
def ground(data: Path, plan: Plan) -> Iterator[Ground]:
    """A sandbox with that many leads and activities in a process of its own, and a store in `data`."""
    port = free_port()
    crm = f"http://127.0.0.1:{port}"
    variables = {
        **connected_to(crm),
        "COLDFRAME_DATA_DIR": str(data),
        "COLDFRAME_SECRET_KEY": "k" * 32,
        "COLDFRAME_PUBLIC_URL": crm,
        "COLDFRAME_LEASE_SECONDS": "5",
        "COLDFRAME_LINGER_SECONDS": "0",
        "COLDFRAME_LIVE_RATE": "0",
    }
    settings = load(variables)
    size = {"port": port, "leads": plan.leads, "activities": plan.activities, "seed": plan.seed}
    options = [word for name, value in size.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "integration", "sandbox", *options]
    with contextlib.ExitStack() as stack:
        process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE)  # noqa: S603 - as above
        stack.enter_context(process)
        stack.callback(process.terminate)
        store = Store.open(settings.database_url.get_secret_value())
        stack.callback(store.dispose)
        store.migrate()
        with store.write() as conn:  # a new store is in shadow mode
            permit(conn, clock.now())
        session = stack.enter_context(requests.Session())
        found = Ground(sandbox=crm, variables=variables, settings=settings, store=store, session=session)
        _filled(process)
        yield found


def _filled(process: "subprocess.Popen[bytes]") -> None:
    """Wait for the sandbox's last word, which it says when everybody is in it."""
    for line in process.stdout or ():
        if line.startswith(b"SDR's desk"):
            return
    msg = "the sandbox did not start"
    raise RuntimeError(msg)
