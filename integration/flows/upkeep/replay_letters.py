"""Replay sync errors: what failed goes back to where it failed, once, and the audit says who asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlalchemy import Connection as Sql

from integration.flows.base.service import HasStore
from integration.flows.crm_calls import unanswered_lookups
from integration.flows.people_in_sales.raise_alerts import lanes as alert_lanes
from integration.flows.people_in_sales.trouble import WatchingTrouble
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.outgoing import outbox
from integration.store.overall import erased_people
from integration.store.queues import dead_letters, dirty, inbox, look_ups, suspects, sync_error_lists
from integration.store.queues.dead_letters import Letter, Stage
from integration.store.queues.sync_error_lists import Wanted
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant

MUST: frozenset[Stage] = frozenset({"advance", "signals", "joining", "erasing"})
"""Work that must be done once its cause is gone: nobody can discard it."""


class UndiscardableError(Exception):
    """Sync errors that cannot be discarded: what failed must be done once its cause is gone."""

    def __init__(self, letters: Sequence[Letter]) -> None:
        named = ", ".join(f"{each.id} ({each.stage})" for each in letters)
        super().__init__(f"to be put right and replayed, not discarded: {named}")


def replay(service: WatchingTrouble, ids: Sequence[int], *, actor: str, now: Instant) -> set[int]:
    """Replay these sync errors and wake their lanes; the ids that were not replayed before.

    A delivery that could not be read is read again whole: facts that are stored already count once. A write that a CRM
    refused is pending again, a record that could not be taken whole is read anew, what a CRM would not answer is asked
    again. What a lane had set aside comes up again, and is tried once, apart from the others. All in one transaction,
    so that a sync error is either waiting or replayed.
    """
    with service.store.write() as conn:
        fresh = dead_letters.replayed(conn, ids, now)
        found = dead_letters.get(conn, sorted(fresh))
        for stage, again in _AGAIN.items():
            those = [letter for letter in found if letter.stage == stage]
            if those:
                again(conn, those, now)
        audit_trail.add(
            conn, [Entry(at=now, actor=actor, action="replay", subject=f"letter {each.id}") for each in found]
        )
    kinds = ("refresh", "poll", "deliver")
    of_crms = (f"{kind}:{name}" for name in service.connections for kind in kinds)
    for lane in ("ingest", "advance", *of_crms, *alert_lanes(service)):
        service.wake(lane)
    return fresh


def waiting(service: HasStore, wanted: Wanted, size: int) -> Iterator[list[int]]:
    """The ids of the wanted ones that wait now, so many at a time; what fails again meanwhile has a higher id."""
    below = dead_letters.NEWEST
    while True:
        with service.store.read() as conn:
            some = sync_error_lists.ids(conn, wanted, below, size)
        if not some:
            return
        yield some
        below = some[-1]


def discard(service: HasStore, ids: Sequence[int], *, reason: str, actor: str, now: Instant) -> set[int]:
    """End these sync errors without trying them again; the audit says who and why. The ids that had not ended.

    Raises UndiscardableError where one is about something that must be done: deciding about a lead, erasing somebody.
    """
    with service.store.write() as conn:
        held = [each for each in dead_letters.get(conn, ids) if each.replayed_at is None and each.stage in MUST]
        if held:
            raise UndiscardableError(held)
        fresh = dead_letters.replayed(conn, ids, now)
        found = dead_letters.get(conn, sorted(fresh))
        read = [each for each in found if each.stage == "ingest"]
        suspects.release(conn, "ingest", [each.ref for each in read])
        inbox.end(conn, _deliveries(read))
        lines = [
            Entry(at=now, actor=actor, action="discard", subject=f"letter {each.id}", detail={"reason": reason})
            for each in found
        ]
        audit_trail.add(conn, lines)
    return fresh


def _read_again(conn: Sql, found: Sequence[Letter], _now: Instant) -> None:
    """Deliveries are pending again; of items that were set aside alone, nothing is known any more."""
    suspects.release(conn, "ingest", [letter.ref for letter in found])
    inbox.revive(conn, _deliveries(found))


def _deliveries(found: Sequence[Letter]) -> list[int]:
    return sorted({each.delivery for each in found if each.delivery is not None})


def _decide_again(conn: Sql, found: Sequence[Letter], now: Instant) -> None:
    dirty.mark(conn, [LeadId(letter.ref) for letter in found], now)


def _derive_again(conn: Sql, found: Sequence[Letter], now: Instant) -> None:
    dirty.mark_accounts(conn, [AccountId(letter.ref) for letter in found], now)


def _erase_again(conn: Sql, found: Sequence[Letter], _now: Instant) -> None:
    suspects.release(conn, erased_people.ERASING, [letter.ref for letter in found])


def _send_again(conn: Sql, found: Sequence[Letter], now: Instant) -> None:
    outbox.revive(conn, [int(letter.ref) for letter in found], now)


def _fetch_again(conn: Sql, found: Sequence[Letter], _now: Instant) -> None:
    """Request the records that sync errors are about, and what was looked for, from the connection they came from."""
    look_ups.want(conn, [look_up for letter in found for look_up in unanswered_lookups.again(letter)])


_AGAIN: Mapping[Stage, Callable[[Sql, Sequence[Letter], Instant], None]] = {
    "ingest": _read_again,
    "advance": _decide_again,
    "joining": _decide_again,
    "signals": _derive_again,
    "erasing": _erase_again,
    "deliver": _send_again,
    "refresh": _fetch_again,
}
"""How each kind of work gets back what was set aside. What is looked at by the clock (poll, drift) comes by itself."""
