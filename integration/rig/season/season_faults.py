"""What goes wrong in a season: a CRM is away for an hour, another refuses calls for minutes, workers are killed."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded: the same faults every time
from typing import Any

from sqlalchemy import Connection as Sql
from sqlalchemy import update

from integration.rig.season.season_plan import START, Plan
from integration.store.db.session import Store
from integration.store.schema.tables import leases
from mappings.values.instant import DAY, HOUR, MINUTE, Instant
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

_KILLS = 4
_MOST_WRITES = 25
"""A worker dies at one of so many transactions from a moment on."""


class KilledError(BaseException):
    """The worker of this lane was killed: nothing of it goes on, as after SIGKILL."""


class MortalStore:
    """The store of a worker that may be killed: from then on none of its transactions is committed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.left: int | None = None
        """How many transactions the worker has yet to live; None for any number."""
        self.kills = 0

    def __getattr__(self, name: str) -> Any:
        """Everything else is the store's own."""
        return getattr(self._store, name)

    @contextlib.contextmanager
    def write(self, **how: bool) -> Iterator[Sql]:
        """One transaction, as `Store.write`, which is rolled back where the worker dies in it."""
        with self._store.write(**how) as conn:
            yield conn
            if self.left is not None:
                self.left -= 1
                if self.left <= 0:
                    raise KilledError

    def revive(self) -> None:
        """Another worker takes its place once the leases of the dead one have run out."""
        self.kills += 1
        self.left = None
        with self._store.write() as conn:
            conn.execute(update(leases).where(leases.c.expires_at > 0).values(expires_at=1))


@dataclass(slots=True)
class Trouble:
    """The faults of one season; `words` say what happened."""

    plan: Plan
    box: Sandbox
    store: MortalStore
    later: Callable[[Instant, Callable[[], None]], None]
    words: list[str] = field(default_factory=list)

    def plan_all(self) -> None:
        """Spread them over the season."""
        chance = Random(f"faults {self.plan.seed}")  # noqa: S311 - not cryptography
        whole = self.plan.days * DAY

        def some_day(part: float) -> Instant:
            day = START + int(whole * part) // DAY * DAY
            while (day // DAY + 3) % 7 > 4:  # noqa: PLR2004 - 1970 began on a Thursday; on Saturdays little happens
                day += DAY
            return day + 10 * HOUR

        self._away("hubspot", some_day(0.3), HOUR, Fault(kind="unavailable", system="hubspot", times=0))
        self._away("salesforce", some_day(0.55), HOUR, Fault(kind="unavailable", system="salesforce", times=0))
        limited = Fault(kind="rate_limited", system="hubspot", times=0, retry_after=10)
        self._away("hubspot", some_day(0.7), 10 * MINUTE, limited)
        for number in range(_KILLS):
            writes = chance.randrange(1, _MOST_WRITES)
            self.later(some_day(0.2 + number * 0.2) + 2 * HOUR, lambda writes=writes: self._kill(writes))  # type: ignore[misc] # mypy knows no defaults of lambdas

    def _away(self, system: str, at: Instant, span: int, fault: Fault) -> None:
        def begin() -> None:
            self.words.append(f"{system}: {fault.kind.replace('_', ' ')} for {span // MINUTE} minutes")
            self.box.faults.add(fault)

        self.later(at, begin)
        self.later(at + span, self.box.faults.clear)

    def _kill(self, writes: int) -> None:
        self.words.append(f"a worker killed in its transaction {writes}")
        self.store.left = writes
