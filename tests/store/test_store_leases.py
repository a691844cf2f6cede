"""Leases: one holder at a time, and the past is fenced off."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from integration.store.db.session import LeaseLostError, Store
from integration.store.queues import inbox, leases
from integration.store.queues.leases import Lease
from mappings.values.instant import DAY, MINUTE

T = 1_700_000_000_000_000
BRIEF = 1_000


def _take(store: Store, holder: str, span: int) -> Lease | None:
    with store.write() as conn:
        return leases.take(conn, "advance", holder, span)


def _taken(store: Store, holder: str, span: int) -> Lease:
    lease = _take(store, holder, span)
    assert lease is not None
    return lease


def test_a_held_lease_is_not_given_again(store: Store) -> None:
    first = _taken(store, "a", MINUTE)
    assert (first.token, first.recovered) == (1, False)
    assert _take(store, "b", MINUTE) is None
    with store.write() as conn:
        assert leases.take(conn, "ingest", "b", MINUTE) is not None


def test_a_released_lease_is_free_at_once_and_its_token_grows(store: Store) -> None:
    first = _taken(store, "a", MINUTE)
    with store.write() as conn:
        leases.release(conn, first)
    second = _taken(store, "b", MINUTE)
    assert (second.token, second.recovered) == (2, False)


def test_an_expired_lease_is_taken_over_and_its_holder_is_fenced_off(store: Store) -> None:
    frozen = _taken(store, "a", BRIEF)
    time.sleep(0.02)
    heir = _taken(store, "b", MINUTE)
    assert (heir.token, heir.recovered) == (2, True)

    def decide_late() -> None:
        with store.write() as conn:
            inbox.add(conn, [("late", {}, b"", T)])
            leases.extend(conn, frozen)

    with pytest.raises(LeaseLostError):
        decide_late()
    with store.write() as conn:
        leases.extend(conn, heir)
        assert inbox.counts(conn)["new"] == 0, "what the frozen holder decided was not saved"


def test_a_late_release_does_not_end_the_heirs_lease(store: Store) -> None:
    frozen = _taken(store, "a", BRIEF)
    time.sleep(0.02)
    _taken(store, "b", MINUTE)
    with store.write() as conn:
        leases.release(conn, frozen)
    assert _take(store, "c", MINUTE) is None


def test_holding_extends_the_lease(store: Store) -> None:
    lease = replace(_taken(store, "a", BRIEF), span=MINUTE)
    time.sleep(0.02)
    with store.write() as conn:
        leases.extend(conn, lease)
    assert _take(store, "b", MINUTE) is None


def test_no_lease_is_given_for_longer_than_a_lease_can_last(store: Store) -> None:
    lease = _taken(store, "a", DAY)
    with store.write() as conn:
        leases.extend(conn, lease)
        ends = conn.execute(text("SELECT expires_at FROM leases")).scalar_one()
        assert ends <= store.now(conn) + leases.LONGEST


def test_a_lease_dated_ahead_by_a_jumped_clock_is_named_and_taken_over(store: Store) -> None:
    """It was given while the database's clock stood a day ahead."""
    stuck = _taken(store, "a", MINUTE)
    with store.write() as conn:
        assert leases.dated_ahead(conn) == []
        conn.execute(text("UPDATE leases SET expires_at = expires_at + :day"), {"day": DAY})
        assert [(name, holder) for name, holder, _ in leases.dated_ahead(conn)] == [("advance", "a")]
        assert leases.free(conn, "advance")
    heir = _taken(store, "b", MINUTE)
    assert (heir.token, heir.recovered) == (2, True)
    with pytest.raises(LeaseLostError), store.write() as conn:
        leases.extend(conn, stuck)
    with store.read() as conn:
        assert leases.dated_ahead(conn) == []


def test_a_holder_whose_lease_was_dated_ahead_goes_on_under_the_right_time(store: Store) -> None:
    lease = _taken(store, "a", MINUTE)
    with store.write() as conn:
        conn.execute(text("UPDATE leases SET expires_at = expires_at + :day"), {"day": DAY})
        leases.extend(conn, lease)
        assert leases.dated_ahead(conn) == []
        assert not leases.free(conn, "advance")


def test_a_lease_at_work_is_passed_by_without_waiting(postgres_store: Store) -> None:
    lease = _taken(postgres_store, "a", MINUTE)
    with postgres_store.write() as conn:
        leases.extend(conn, lease)
        started = time.monotonic()
        assert _take(postgres_store, "b", MINUTE) is None
        assert time.monotonic() - started < 20
