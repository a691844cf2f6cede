"""Call allowance: the calls that all workers of a connection may make together, kept in the store.

A worker sets a block of calls aside in one small transaction and uses it up without asking again; with the next
block it passes on what the CRM has said since. Blocks and counts are a twentieth of the CRM's window, so that a
busy connection commits twice or so a second. What survives a crash: everything that was set aside counts as called.
Time is the database's, the same for every worker. Where the store does not answer, calls go on uncounted: the CRM
itself refuses what is too much, and what the call is for needs the store anyway.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.limits import (
    FOR_PEOPLE,
    Grant,
    Tally,
    Unused,
    Usage,
    granted,
    returned,
    settled,
    unused,
    with_usage,
)
from connectors.base.spending import BUDGET, RESERVE, WINDOW, Pacing, Pool, Withheld
from integration.store.crm import call_usage
from integration.store.db.session import Store, StoreError
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import SECOND, Instant, Span

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCalls:
    """When this process's last write to a connection ended, and the last one of many rows; 0 for never."""

    ended: Instant = 0
    full: Instant = 0


@dataclass(slots=True)
class _Block:
    """The part of a granted block that this process has left, until its own clock says `until`."""

    at: Instant = 0
    left: int = 0
    until: float = 0.0


@dataclass(slots=True, kw_only=True)
class StoredAllowance:
    """The allowance of one process for one connection; for one thread.

    `reserve` is the part of the day (0 to 1) that is kept for people. `patience` is how long a call may wait for its
    turn in the window; longer waits pause the whole lane. `now` replaces the database's clock.
    """

    store: Store
    connection: ConnectionName
    pacing: Pacing
    reserve: float
    patience: Span
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    now: Callable[[], Instant] | None = None
    _blocks: dict[str, _Block] = field(default_factory=dict)
    _heard: tuple[Usage, float] | None = None

    def spend(self, pool: Pool, *, people: bool) -> Withheld | None:
        """Take one call; waits for at most `patience`."""
        give_up = self.monotonic() + self.patience / SECOND
        for each in ("search", "") if pool and self.pacing.searches else ("",):
            withheld = self._spend(each, people=people, give_up=give_up)
            if withheld is not None:
                return withheld
        return None

    def record_usage(self, usage: Usage) -> None:
        """Keep it until the next transaction."""
        self._heard = (usage, self.monotonic())

    def unused(self, conn: Sql) -> tuple[Unused, Unused]:
        """What is left of the connection's calls, as far as workers have passed it on; and for people, who get more."""
        tally, now = self._tally(conn)
        return unused(tally, now, reserve=self.reserve), unused(tally, now, reserve=self.reserve * FOR_PEOPLE)

    def settle(self, conn: Sql) -> None:
        """Pass on what the CRM said, and give back what was not called, in a transaction that is there anyway.

        One that need not be durable: on PostgreSQL it no longer waits for the disk.
        """
        block = self._blocks.pop("", _Block())
        if self._heard is None and not block.left:
            return
        call_usage.alone(conn, self.connection)
        held, now = self._tally(conn)
        tally = returned(held, block.at, block.left)
        call_usage.put(conn, self.connection, "", self._reported(tally, now), now)

    def _spend(self, pool: str, *, people: bool, give_up: float) -> Withheld | None:
        block = self._blocks.setdefault(pool, _Block())
        while block.left < 1 or self.monotonic() >= block.until:
            started = self.monotonic()
            try:
                with self.store.write(durable=False) as conn:  # the next reply says what a power cut took back
                    grant = self._reserve(conn, pool, people=people)
            except StoreError as error:
                log.warning("calls go on uncounted", connection=self.connection, error=str(error))
                return None
            if grant.calls:
                block.at, block.left, block.until = grant.at, grant.calls, started + grant.span / SECOND
            elif grant.spent:
                return self._spent(grant, people=people)
            elif started + grant.wait / SECOND > give_up:
                reason = f"all workers of {self.connection} together have used up its calls for now"
                return Withheld(code=WINDOW, reason=reason, wait=grant.wait)
            else:
                self.sleep(grant.wait / SECOND)
        block.left -= 1
        return None

    def _reserve(self, conn: Sql, pool: str, *, people: bool) -> Grant:
        call_usage.alone(conn, self.connection)
        tally, now = self._tally(conn, pool)
        if pool and self.pacing.searches:
            before = tally = Tally(usage=self.pacing.searches, told_at=1, blocks=tally.blocks)
        else:
            before, tally = tally, self._reported(tally, now)
        kept = self.reserve * (FOR_PEOPLE if people else 1)
        grant = granted(tally, now, reserve=kept, ask_again=self.pacing.ask_again)
        if grant.calls or tally != before:
            call_usage.put(conn, self.connection, pool, grant.tally, now)
        return grant

    def _reported(self, tally: Tally, now: Instant) -> Tally:
        """The tally with what this process has done and learnt since."""
        block = self._blocks.get("")
        if block is not None and block.at:
            tally = settled(tally, block.at, block.left if self.monotonic() < block.until else 0)
        if self._heard is not None:
            heard, at = self._heard
            tally, self._heard = with_usage(tally, heard, now - round((self.monotonic() - at) * SECOND)), None
        return tally

    def _spent(self, grant: Grant, *, people: bool) -> Withheld:
        known = grant.tally.usage
        left = max(0, (known.daily_remaining or 0) - grant.tally.since)
        reason = (
            f"{left} of the {known.daily_limit} calls that {self.connection} allows a day are left, and kept for "
            "people and other integrations (COLDFRAME_DAILY_RESERVE); this goes on when the day has turned"
        )
        return Withheld(code=RESERVE if people else BUDGET, reason=reason, wait=grant.wait)

    def _tally(self, conn: Sql, pool: str = "") -> tuple[Tally, Instant]:
        """What has been counted, and when it is."""
        tally, now = call_usage.by_now(conn, self.connection, pool)
        return tally, now if self.now is None else self.now()
