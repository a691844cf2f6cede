"""Rates, a person's pause, and leads that wait for the end of a sync."""

from integration.store.crm import call_rates, connection_pauses
from integration.store.db.session import Store
from integration.store.events import activities, decided_effects, live_since
from integration.store.events.activities import NewActivity
from integration.store.events.decided_effects import EffectRow
from integration.store.events.live_since import HISTORY, Live
from integration.store.outgoing import outbox, outbox_backlog
from integration.store.outgoing.outbox import NewOnce
from integration.store.queues import dirty
from mappings.values.instant import DAY, HOUR

T = 1_700_000_000_000_000


def test_a_rate_counts_in_a_window_that_begins_with_its_first_use(store: Store) -> None:
    with store.write() as conn:
        assert call_rates.left(conn, "hubspot", "tasks", 5, HOUR, T) == (5, T + HOUR)
        call_rates.spend(conn, "hubspot", "tasks", 3, HOUR, T)
        call_rates.spend(conn, "hubspot", "tasks", 4, HOUR, T + 1)
    with store.read() as conn:
        assert call_rates.left(conn, "hubspot", "tasks", 5, HOUR, T + HOUR - 1) == (0, T + HOUR)
        assert call_rates.left(conn, "salesforce", "tasks", 5, HOUR, T + 1)[0] == 5
        assert call_rates.left(conn, "hubspot", "tasks", 5, HOUR, T + HOUR) == (5, T + 2 * HOUR)


def test_a_clock_that_was_set_back_does_not_stop_a_rate(store: Store) -> None:
    with store.write() as conn:
        call_rates.spend(conn, "hubspot", "tasks", 5, HOUR, T)
        assert call_rates.left(conn, "hubspot", "tasks", 5, HOUR, T - DAY)[0] == 5


def test_a_persons_pause_outlives_what_an_outage_does_to_the_lane(store: Store) -> None:
    with store.write() as conn:
        connection_pauses.pause(conn, "hubspot", T + HOUR, "503")
        connection_pauses.stop(conn, "hubspot", "paused by an operator")
        assert connection_pauses.paused(conn, T)["hubspot"].reason == "paused by an operator"
        connection_pauses.pause(conn, "hubspot", T + 1, "429")
        connection_pauses.resume(conn, "hubspot")
        assert list(connection_pauses.paused(conn, T + DAY)) == ["hubspot"]
        assert connection_pauses.stopped(conn)["hubspot"].until is None
        assert connection_pauses.go(conn, "hubspot") is True
        assert connection_pauses.go(conn, "hubspot") is False
        assert connection_pauses.paused(conn, T) == {}
        assert connection_pauses.stopped(conn) == {}


def test_leads_marked_by_a_sync_rest_until_they_are_released_or_something_new_happens(store: Store) -> None:
    with store.write() as conn:
        dirty.mark(conn, ["before"], T - 1)
        dirty.mark(conn, ["read", "told", "before"], T)
        dirty.defer(conn, T, 0, T + DAY)
        assert [lead for lead, _ in dirty.take(conn, T, 10)] == ["before"]
        dirty.mark(conn, ["told"], T + 5)
        assert [lead for lead, _ in dirty.take(conn, T + 5, 10)] == ["before", "told"]
        dirty.release(conn, T + 6)
        assert dirty.count(conn, T + 6) == 3


def deed(key: str, lead: str, at: int, source: str, *, derived: bool = False) -> NewActivity:
    return NewActivity(key=key, lead_id=lead, at=at, type="page_view", properties={}, source=source, derived=derived)


def effect(key: str, lead: str, at: int, decided_at: int, withheld: str | None = None) -> EffectRow:
    return EffectRow(
        key=key,
        lead_id=lead,
        kind="task",
        at=at,
        payload={},
        because=(),
        decided_at=decided_at,
        withheld=withheld,
    )


def test_news_is_what_was_told_since_and_not_read_from_a_crm(store: Store) -> None:
    with store.write() as conn:
        activities.add(conn, [deed("1", "ana", T - 9, "activities")])
        begun = live_since.begin(conn, T, T)
        activities.add(conn, [deed("2", "ana", T - 5, "hubspot"), deed("3", "ana", T - 3, "activities")])
        activities.add(conn, [deed("4", "ana", T - 4, "derived", derived=True), deed("5", "bo", T - 1, "salesforce")])
    with store.read() as conn:
        assert live_since.get(conn) == begun
        assert live_since.earliest_delivered(conn, ["ana", "bo"], begun.seq, ["hubspot", "salesforce"]) == {
            "ana": T - 3
        }
        assert live_since.earliest_delivered(conn, ["ana"], 0, ["hubspot"]) == {"ana": T - 9}


def test_an_instant_is_history_where_all_that_was_decided_then_was_withheld(store: Store) -> None:
    with store.write() as conn:
        decided_effects.add(conn, [effect("a", "ana", T, T, HISTORY), effect("b", "ana", T, T)])
        decided_effects.add(conn, [effect("c", "ana", T + 1, T, HISTORY)])
    with store.read() as conn:
        found = live_since.decided_at(conn, [("ana", T), ("ana", T + 1), ("ana", T + 2)])
    assert found == {("ana", T): False, ("ana", T + 1): True}


def test_what_fell_due_in_shadow_too_long_ago_lapses_and_nothing_else(store: Store) -> None:
    began, until = T, T + DAY
    with store.write() as conn:
        for key, at in (("live", T - 1), ("old", T + 1), ("late", T + 1), ("new", until + 1)):
            decided = T - 1 if key == "live" else until + 2 if key == "late" else at
            decided_effects.add(conn, [effect(key, "ana", at, decided)])
            outbox.want_once(conn, "hubspot", "task", [NewOnce(key=key, lead_id="ana", payload={})], decided)
        live_since.enter_shadow(conn, began)
        assert live_since.shadow(conn) == began
        assert live_since.leave_shadow(conn, began, until) == 2
        assert live_since.shadow(conn) is None
    with store.read() as conn:
        assert {row.key: row.withheld for row in decided_effects.history(conn, ["ana"])} == {
            "live": None,
            "old": HISTORY,
            "late": HISTORY,
            "new": None,
        }
        assert outbox_backlog.counts(conn) == {("hubspot", "task", "lapsed"): 2, ("hubspot", "task", "new"): 2}


def test_the_first_decision_may_begin_live_before_everything_that_was_told(store: Store) -> None:
    with store.write() as conn:
        assert live_since.get(conn) is None
        live_since.begin(conn, T - DAY, T, seq=0)
        assert live_since.get(conn) == Live(since=T - DAY, seq=0)
