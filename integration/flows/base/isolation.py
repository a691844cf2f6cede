"""Isolation: one item that a lane cannot work never stops the others of its batch, nor the batches after it.

A batch is worked in one go. Only where that fails, or where the lane's last holder was killed at its first batch, is it
parted into smaller and smaller groups, each counted in the store before it is tried, until the item to blame stands
alone: it is set aside as a sync error, and the others are done. What survives a crash: the counts. An item that
kills its process is found by the next ones: it is tried among fewer and fewer others, and set aside after a few deaths.

What was set aside keeps its row in `suspects`. When it comes up again (something new arrived, the playbook changed, the
sync error was replayed) it is tried once, apart from the others; its sync error is closed when it succeeds.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.port import Receipt, Unavailable, Verdict
from integration.core.compiled.context import Unfoldable
from integration.flows.base.service import HasStore
from integration.store.db.errors import StoreError, of_schema
from integration.store.queues import dead_letters, leases, suspects
from integration.store.queues.dead_letters import Letter
from integration.store.queues.leases import Lease
from integration.store.queues.suspects import Suspect
from mappings.values.instant import MINUTE

log = structlog.get_logger()

MOST_TRIES = 3
"""Counted tries, the last of them alone, after which an item is set aside."""
_PARTS = 8
"""Into so many groups a batch is parted that failed, and each of them that fails."""
_DESPAIR = 3 * _PARTS
"""So many calls that fail, in groups of different sizes, and none that goes well: it is not the items."""
_OUTAGES = (StoreError, Unavailable)
"""The store or the CRM is away, or the lane is another's now: no item is to blame."""
_LONGEST = 500

Item = TypeVar("Item")


class CallFailedError(Exception):
    """A connector raised what its port does not promise: it may be the item's fault, or everybody's."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(described(cause))


@contextmanager
def calling() -> Iterator[None]:
    """Around a call of a connector: whatever it raises but Unavailable becomes CallFailedError."""
    try:
        yield
    except (*_OUTAGES, CallFailedError):
        raise
    except Exception as error:
        raise CallFailedError(error) from error


def every_call_fails(error: CallFailedError) -> Unavailable:
    """Pauses a connection for a while when every call of it fails, with the words of the failure."""
    message = f"every call fails: {error}"
    return Unavailable(Receipt(key="", verdict=Verdict.PAUSE, code="UNEXPECTED", message=message, retry_after=MINUTE))


@dataclass(frozen=True, slots=True)
class Try(Generic[Item]):
    """A group of items to be worked now. Call `done` in the transaction that stores what became of them.

    Where the try was not `counted`, `done` has nothing to do.
    """

    items: Sequence[Item]
    done: Callable[[Sql], None] = lambda _conn: None
    counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Station(Generic[Item]):
    """One kind of work: under which name its suspects are kept, how its items are called, and how it is done.

    `work` does all of a group or raises; what it has committed by then must do no harm when it is done again.
    `lay_aside` takes an item out of its queue, in the transaction that keeps the sync error for it; it is given
    the reason. `put_off`, where there is one, lets an item that failed alone wait before it is tried the next time.
    """

    lane: str
    name: Callable[[Item], str]
    work: Callable[[Try[Item]], None]
    lay_aside: Callable[[Sql, Item, str], Letter]
    lead: Callable[[Item], str | None] = lambda _item: None
    put_off: Callable[[Sql, Item, int], None] | None = None
    most: int = MOST_TRIES
    batch: str = ""
    """Which batches of the lane these are, where it has several kinds: after a death the first of each is parted."""
    at_once: bool = False
    """Whether an item that fails alone is set aside at its first failure; `most` then counts deaths alone."""


def isolate(
    service: HasStore,
    lease: Lease,
    station: Station[Item],
    items: Sequence[Item],
    *,
    suspected: bool = True,
) -> None:
    """Work these items: all in one go, but for those that are suspects; whatever fails is found and set aside.

    Where the caller has seen that nothing is `suspected` in the lane, the store is not asked for suspects.
    Raises StoreError and Unavailable as `work` does, Unavailable also where every call of a connector fails, and what
    concerns the store's tables as a whole.
    """
    if not items:
        return
    named = {station.name(item): item for item in items}
    known: Mapping[str, Suspect] = {}
    if suspected:
        with service.store.read() as conn:
            known = suspects.known(conn, station.lane, named)
    sorting = _Sorting(service, lease, station, named, known)
    fresh = tuple(name for name in named if name not in known)
    batch = f"{station.lane}/{station.batch}"
    if fresh:
        if lease.recovered and batch not in lease.passed:
            sorting.part(_Group(fresh))
        else:
            sorting.in_one_go(fresh)
    for name, suspect in known.items():
        sorting.groups.append(_Group((name,), tries=suspect.tries))
    sorting.run()
    lease.passed.add(batch)


def described(error: BaseException) -> str:
    """What went wrong, in one line: an exception's kind and its words; of a lead, the event that it fails at."""
    if isinstance(error, Unfoldable):
        at = f"event {error.event}" if error.event else "what falls due"
        return f"{at} cannot be processed: {described(error.cause)}"[:_LONGEST]
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}"[:_LONGEST].removesuffix(": ")


@dataclass(frozen=True, slots=True)
class _Group:
    names: tuple[str, ...]
    tries: int = 0


@dataclass(slots=True)
class _Sorting(Generic[Item]):
    """One batch on its way from groups to single items; broad before deep, so that the healthy are done first."""

    service: HasStore
    lease: Lease
    station: Station[Item]
    named: Mapping[str, Item]
    known: Mapping[str, Suspect]
    groups: deque[_Group] = field(default_factory=deque)
    survived: bool = False
    calls_failed: int = 0
    counted: bool = False

    def in_one_go(self, names: tuple[str, ...]) -> None:
        """The ordinary way: nothing is counted, and nothing is written but the work itself."""
        failed = self._failure(Try(tuple(self.named[name] for name in names)))
        if failed is not None:
            log.warning("a batch failed; looking for the item to blame", lane=self.station.lane, exc_info=failed)
            self.part(_Group(names))

    def part(self, group: _Group) -> None:
        """Part a group into smaller ones to be tried; as small as may be where few tries are left."""
        size = 1 if group.tries + 1 >= self.station.most else -(-len(group.names) // _PARTS)
        for start in range(0, len(group.names), size):
            self.groups.append(_Group(group.names[start : start + size], tries=group.tries))

    def run(self) -> None:
        """Try group after group until each item went well, was put off or was set aside."""
        while self.groups:
            group = self.groups.popleft()
            alone = len(group.names) == 1
            if alone and group.tries >= self._most(group.names[0]):
                self._set_aside(group.names[0], f"it killed its worker {group.tries} times")
                continue
            failed = self._tried(group)
            if failed is not None and alone:
                self._failed(group.names[0], group.tries + 1, failed)
            elif failed is not None:
                self.part(_Group(group.names, tries=group.tries + 1))

    def _tried(self, group: _Group) -> Exception | None:
        """Count the try, durably, and make it; what it raised."""
        told: list[bool] = []
        names, lane, now = group.names, self.station.lane, self.service.now()
        with self._writing() as conn:
            leads = [(name, self.station.lead(self.named[name])) for name in names]
            suspects.trying(conn, lane, leads, now)
        self.counted = True

        def done(conn: Sql) -> None:
            suspects.passed(conn, lane, names, now)
            told.append(True)

        failed = self._failure(Try(tuple(self.named[name] for name in names), done, counted=True))
        if failed is None and not told:
            with self._writing() as conn:
                suspects.spared(conn, lane, names)
        return failed

    def _failure(self, attempt: Try[Item]) -> Exception | None:
        try:
            self.station.work(attempt)
        except Unavailable:
            self._spare()
            raise
        except StoreError:
            raise
        except Exception as error:
            if of_schema(error):
                raise
            if isinstance(error, CallFailedError):
                self._despair(error)
            return error
        self.survived = True
        return None

    def _failed(self, name: str, tries: int, error: Exception) -> None:
        """An item failed alone: try it again, now or later, or set it aside."""
        if tries >= self._most(name) or self.station.at_once:
            log.error("an item cannot be worked", lane=self.station.lane, item=name, exc_info=error)
            self._set_aside(name, described(error))
        elif self.station.put_off is None:
            self.groups.append(_Group((name,), tries=tries))
        else:
            with self._writing() as conn:
                self.station.put_off(conn, self.named[name], tries)

    def _despair(self, error: CallFailedError) -> None:
        """Give up where every call fails: an outage makes no sync errors, whatever it looks like."""
        self.calls_failed += 1
        if self.survived or self.calls_failed < _DESPAIR:
            return
        self._spare()
        raise every_call_fails(error) from error

    def _spare(self) -> None:
        """The CRM is away: what was counted against these says nothing."""
        if self.counted:
            with self._writing() as conn:
                suspects.spared(conn, self.station.lane, list(self.named))

    def _set_aside(self, name: str, reason: str) -> None:
        item, lane, now = self.named[name], self.station.lane, self.service.now()
        before = self.known[name].letter if name in self.known else None
        with self._writing() as conn:
            letter = dead_letters.write(conn, self.station.lay_aside(conn, item, reason), before)
            suspects.aside(conn, lane, name, letter, now)
        log.error("set aside", lane=lane, letter=letter)

    def _most(self, name: str) -> int:
        """An item that was set aside before is tried once when it comes up again."""
        return 1 if name in self.known and self.known[name].letter is not None else self.station.most

    @contextmanager
    def _writing(self) -> Iterator[Sql]:
        with self.service.store.write() as conn:
            leases.extend(conn, self.lease)
            yield conn
