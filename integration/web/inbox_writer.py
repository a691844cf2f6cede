"""The inbox writer: stores the deliveries of the webhook handlers, many to a commit.

A commit to a disk takes milliseconds, and one at a time can be under way. So deliveries queue up, and a single
writer commits whatever has gathered while it was busy with the commit before: nobody waits for company, and under
load a commit carries as many deliveries as there are requests. A caller gets its id after its row's commit, or
InboxUnavailableError; when the process dies in between, the sender got no answer and sends again.
"""

import contextlib
import queue
import threading
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import structlog

from integration.store.db.errors import StoreError
from integration.store.db.session import Store
from integration.store.events import taken
from mappings.values.instant import Instant
from webhooks import registry
from webhooks.blueprint import InboxUnavailableError

log = structlog.get_logger()

MOST = 64
"""Deliveries in one commit."""
MOST_BYTES = 8_000_000
PATIENCE = 2.4
"""Seconds a caller waits; HubSpot gives up after five."""


class _Ticket:
    """A delivery, and what became of it. A lock is half the cost of a `Future`, for each answer."""

    __slots__ = ("_done", "_gone", "_outcome", "digest", "row")

    def __init__(self, row: taken.Row, digest: int | None) -> None:
        self.row = row
        self.digest = digest
        self._gone = False
        self._outcome: int | Exception = 0
        self._done = threading.Lock()
        self._done.acquire()

    def wait(self, seconds: float) -> int:
        """The delivery's id. Raises what the commit raised, or TimeoutError."""
        if not self._done.acquire(timeout=seconds):
            self._gone = True
            raise TimeoutError
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    @property
    def wanted(self) -> bool:
        """Whether somebody still waits."""
        return not self._gone

    def settle(self, outcome: int | Exception) -> None:
        """Give the result to whoever waits."""
        self._outcome = outcome
        self._done.release()


_Line: TypeAlias = "queue.SimpleQueue[_Ticket | None]"


class Intake:
    """Deliveries into the store's inbox; safe for threads, and to carry over a fork. `close` it in the end."""

    def __init__(self, store: Store, *, patience: float = PATIENCE) -> None:
        self._store = store
        self._patience = patience
        self._starting = threading.Lock()
        self._line: _Line | None = None
        self._writer: threading.Thread | None = None

    def put(self, source: str, headers: Mapping[str, str], body: bytes, received_at: Instant) -> int:
        """Keep a delivery and answer its id; durable when it returns.

        What was taken a moment ago and comes again, to the last byte and under the same name, is not stored again: the
        id is that of the first. Raises InboxUnavailableError after `patience` seconds, or as soon as the store says so.
        A delivery whose caller has gone is not written, unless its commit had begun.
        """
        found = registry.by_name().get(source)
        name = headers.get(found.named_by, "") if found else ""
        digest = taken.digest(source, name, body) if name else None
        ticket = _Ticket((source, headers, body, received_at), digest)
        self._open_line().put(ticket)
        try:
            return ticket.wait(self._patience)
        except StoreError as error:
            raise InboxUnavailableError(str(error)) from error
        except TimeoutError as error:
            msg = f"no commit within {self._patience:g} s"
            raise InboxUnavailableError(msg) from error

    def close(self) -> None:
        """Commit what is under way and stop. Whoever puts something afterwards starts a new writer."""
        with self._starting:
            line, writer = self._line, self._writer
            self._line = self._writer = None
        if line is not None and writer is not None and writer.is_alive():
            line.put(None)
            writer.join()

    def _open_line(self) -> _Line:
        with self._starting:
            # A forked child has the parent's line, but not its writer.
            if self._line is None or self._writer is None or not self._writer.is_alive():
                self._line = queue.SimpleQueue()
                self._writer = threading.Thread(target=self._run, args=(self._line,), name="intake", daemon=True)
                self._writer.start()
            return self._line

    def _run(self, line: _Line) -> None:
        while (first := line.get()) is not None:
            tickets = [first]
            more = _gather(line, tickets)
            self._commit([ticket for ticket in tickets if ticket.wanted])
            if not more:
                return

    def _commit(self, tickets: Sequence[_Ticket]) -> None:
        if not tickets:
            return
        try:
            with self._store.write(urgent=True) as conn:
                ids = taken.keep(conn, [ticket.row for ticket in tickets], [ticket.digest for ticket in tickets])
        except Exception as error:  # noqa: BLE001 - every caller gets the error, whatever it is; the writer lives on
            for ticket in tickets:
                ticket.settle(error)
        else:
            for ticket, id_ in zip(tickets, ids, strict=True):
                ticket.settle(id_)


def _gather(line: _Line, tickets: list[_Ticket]) -> bool:
    """Add what waits already, up to a commit's fill; false when the line is being closed."""
    size = len(tickets[0].row[2])
    with contextlib.suppress(queue.Empty):
        while len(tickets) < MOST and size < MOST_BYTES:
            ticket = line.get_nowait()
            if ticket is None:
                return False
            tickets.append(ticket)
            size += len(ticket.row[2])
    return True
