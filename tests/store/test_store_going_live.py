"""Rates, a person's pause, and leads that wait for the end of a sync."""

from integration.store import dirty, lanes, rates
from integration.store.session import Store
from mappings.instant import DAY, HOUR

T = 1_700_000_000_000_000


def test_a_rate_counts_in_a_window_that_begins_with_its_first_use(store: Store) -> None:
    with store.write() as conn:
        assert rates.left(conn, "hubspot:tasks", 5, HOUR, T) == (5, T + HOUR)
        rates.spend(conn, "hubspot:tasks", 3, HOUR, T)
        rates.spend(conn, "hubspot:tasks", 4, HOUR, T + 1)
    with store.read() as conn:
        assert rates.left(conn, "hubspot:tasks", 5, HOUR, T + HOUR - 1) == (0, T + HOUR)
        assert rates.left(conn, "salesforce:tasks", 5, HOUR, T + 1)[0] == 5
        assert rates.left(conn, "hubspot:tasks", 5, HOUR, T + HOUR) == (5, T + 2 * HOUR)


def test_a_clock_that_was_set_back_does_not_stop_a_rate(store: Store) -> None:
    with store.write() as conn:
        rates.spend(conn, "hubspot:tasks", 5, HOUR, T)
        assert rates.left(conn, "hubspot:tasks", 5, HOUR, T - DAY)[0] == 5


def test_a_persons_pause_outlives_what_an_outage_does_to_the_lane(store: Store) -> None:
    with store.write() as conn:
        lanes.pause(conn, "hubspot", T + HOUR, "503")
        lanes.stop(conn, "hubspot", "paused by an operator")
        assert lanes.paused(conn, T)["hubspot"].reason == "paused by an operator"
        lanes.pause(conn, "hubspot", T + 1, "429")
        lanes.resume(conn, "hubspot")
        assert list(lanes.paused(conn, T + DAY)) == ["hubspot"]
        assert lanes.stopped(conn)["hubspot"].until is None
        assert lanes.go(conn, "hubspot") is True
        assert lanes.go(conn, "hubspot") is False
        assert lanes.paused(conn, T) == {}
        assert lanes.stopped(conn) == {}


def test_leads_marked_by_a_sync_rest_until_they_are_released_or_something_new_happens(store: Store) -> None:
    with store.write() as conn:
        dirty.mark(conn, ["before"], T - 1)
        dirty.mark(conn, ["read", "told", "before"], T)
        dirty.rest(conn, T, 0, T + DAY)
        assert [lead for lead, _ in dirty.take(conn, T, 10)] == ["before"]
        dirty.mark(conn, ["told"], T + 5)
        assert [lead for lead, _ in dirty.take(conn, T + 5, 10)] == ["before", "told"]
        dirty.release(conn, T + 6)
        assert dirty.count(conn, T + 6) == 3
