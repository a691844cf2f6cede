"""Everybody scored from a store by processes of their own, each a range of leads, into a file for each."""

import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Connection, Rules
from integration.flows.bulk.score_leads import Scorer
from integration.rig.bulk.bulk_history import lead_id
from integration.store.db.session import Store
from mappings.conflicts.field_conflicts import NOBODY, Ownership
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

_BATCH = 1_000
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _Rules:
    """What scores are worked out with, where no CRM is connected."""

    rules: Rules
    connections: dict[ConnectionName, Connection]
    ownership: Ownership = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkScoring:
    """The scores of so many leads at one time, in as many files as there are processes."""

    url: str
    folder: Path
    compiled: CompiledPlaybook
    leads: int
    at: Instant
    processes: int

    def run(self, tell: Callable[[int], None]) -> tuple[float, float]:
        """Seconds on the wall and of processors; `tell` gets how many leads are scored. Raises ChildProcessError."""
        fork = multiprocessing.get_context("fork")
        done = fork.Value("q", 0)
        began, used = time.monotonic(), _used()
        parts = [fork.Process(target=self._score, args=(number, done)) for number in range(self.processes)]
        for each in parts:
            each.start()
        while any(each.is_alive() for each in parts):
            tell(done.value)
            time.sleep(_LOOK_SECONDS)
        for each in parts:
            each.join()
            if each.exitcode:
                msg = f"a process that scored ended with {each.exitcode}"
                raise ChildProcessError(msg)
        return time.monotonic() - began, _used() - used

    def scores(self) -> Iterator[tuple[str, int, int]]:
        """(lead, fit, engagement) in thousandths of a point, by lead."""
        for number in range(self.processes):
            with self._file(number).open(encoding="ascii") as lines:
                for line in lines:
                    lead, fit, engagement = line.split()
                    yield lead, int(fit), int(engagement)

    def _score(self, number: int, done: "multiprocessing.sharedctypes.Synchronized[int]") -> None:
        store, scorer = Store.open(self.url), Scorer(_Rules(Rules(compiled=self.compiled), {}))
        first, last = (self.leads * each // self.processes for each in (number, number + 1))
        with self._file(number).open("w", encoding="ascii") as out:
            for start in range(first, last, _BATCH):
                wanted = {lead_id(each): self.at for each in range(start, min(start + _BATCH, last))}
                with store.read() as conn:
                    found = scorer.scored(conn, wanted)
                out.writelines(f"{lead} {fit} {engagement}\n" for lead, (fit, engagement) in found.items())
                with done.get_lock():
                    done.value += len(wanted)
        store.dispose()

    def _file(self, number: int) -> Path:
        return self.folder / f"scores-{number}"


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
