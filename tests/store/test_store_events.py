"""Activities, changes and dirty marks: each fact once, and none overlooked."""

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from integration.store.db.session import Store
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.people import field_changes, leads
from integration.store.people.field_changes import NewChange
from integration.store.people.leads import NewLead
from integration.store.queues import dirty

T = 1_700_000_000_000_000
LATER = 2 * T


def did(key: str, lead: str | None = "ana", at: int = T, account: str | None = None) -> NewActivity:
    return NewActivity(
        key=key, lead_id=lead, account_id=account, at=at, type="page_view", properties={"page": "pricing"}, source="s"
    )


def in_background(store: Store, work: Callable[[Connection], object]) -> threading.Thread:
    def run() -> None:
        with store.write() as conn:
            work(conn)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_the_same_activity_twice_counts_once(store: Store) -> None:
    with store.write() as conn:
        assert activities.add(conn, [did("s:1"), did("s:2", "ben"), did("s:1")]) == [("ana", None), ("ben", None)]
        assert activities.add(conn, [did("s:2"), did("s:3", None, account="acme")]) == [(None, "acme")]
        assert activities.add(conn, []) == []


def test_what_is_fresh_is_what_was_stored_after_the_number_seen(store: Store) -> None:
    with store.write() as conn:
        activities.add(conn, [did("s:1", at=T + 5), did("s:2", "ben"), did("s:3")])
        rows = activities.fresh(conn, {"ana": 0, "cleo": 0})
        assert [(row.key, row.at) for row in rows] == [("s:3", T), ("s:1", T + 5)]
        assert rows[0].properties == {"page": "pricing"}
        seen = max(row.seq for row in rows)
        activities.add(conn, [did("s:4", at=T - 9)])
        assert [row.key for row in activities.fresh(conn, {"ana": seen, "ben": 0})] == ["s:4", "s:2"]
        assert [row.key for row in activities.history(conn, ["ana"])] == ["s:4", "s:3", "s:1"]


def test_activities_and_changes_are_numbered_together(store: Store) -> None:
    with store.write() as conn:
        activities.add(conn, [did("s:1")])
        field_changes.add(conn, [NewChange(key="c1", lead_id="ana", at=T, fields={"title": "CEO"})])
        (act,) = activities.history(conn, ["ana"])
        (change,) = field_changes.history(conn, ["ana"])
        assert change.seq > act.seq
        assert field_changes.fresh(conn, {"ana": act.seq}) == [change]
        activities.add(conn, [did("s:2")])
        assert [row.key for row in activities.fresh(conn, {"ana": change.seq})] == ["s:2"]


def test_what_an_account_saw_is_its_people_and_its_unknown_viewers(store: Store) -> None:
    with store.write() as conn:
        activities.add(
            conn,
            [
                did("s:3", at=T + 3),
                did("s:1", None, account="acme"),
                did("s:2", "ben", account="acme", at=T + 1),
                did("s:4", None, account="other"),
            ],
        )
        rows = activities.seen_by(conn, ["ana"], ["acme"], ["page_view"])
        assert [row.key for row in rows] == ["s:1", "s:3"], "ben is no longer of acme"
        assert activities.seen_by(conn, ["ana"], ["acme"], ["document_view"]) == []


def test_changes_of_a_lead_and_of_its_account_are_read_together_in_time(store: Store) -> None:
    with store.write() as conn:
        field_changes.add(
            conn,
            [
                NewChange(key="c1", lead_id="ana", at=T + 2, fields={"title": "CEO"}),
                NewChange(key="c2", account_id="acme", at=T + 1, fields={"employees": 120, "technologies": ("a", "b")}),
                NewChange(key="c3", account_id="other", at=T, fields={"employees": 1}),
            ],
        )
        rows = field_changes.fresh(conn, {"ana": 0}, {"acme": 0})
        assert [row.key for row in rows] == ["c2", "c1"]
        assert rows[0].fields == {"employees": 120, "technologies": ("a", "b")}
        assert [row.key for row in field_changes.history(conn, ["ana"], ["acme"])] == ["c2", "c1"]
        assert field_changes.fresh(conn, {"ana": rows[1].seq}, {"acme": rows[0].seq}) == []


def test_one_record_may_tell_of_a_person_and_of_their_company(store: Store) -> None:
    person = NewChange(key="hubspot:contact:7@1", lead_id="ana", at=T, fields={"title": "CEO"})
    company = NewChange(key="hubspot:contact:7@1", account_id="acme", at=T, fields={"employees": 3})
    with store.write() as conn:
        assert field_changes.add(conn, [company, person]) == [(None, "acme"), ("ana", None)]
        assert field_changes.add(conn, [person, company]) == []


def test_unknown_properties_are_kept_however_nested(store: Store) -> None:
    odd = NewActivity(
        key="s:1",
        lead_id="ana",
        at=T,
        type="unheard_of",
        properties={"deep": {"list": [1, {"x": None}]}, "nul": "a\x00b", "umlaut": "ü", "n": 1.5},  # type: ignore[dict-item]
        source="s",
    )
    with store.write() as conn:
        activities.add(conn, [odd])
        (row,) = activities.history(conn, ["ana"])
        assert row.properties == odd.properties


def test_marks_of_one_lead_are_one_row_and_a_later_mark_survives_the_clearing(store: Store) -> None:
    with store.write() as conn:
        dirty.mark(conn, ["ben", "ana", "ana"], T)
        dirty.mark(conn, ["ana"], T + 1)
        taken = dirty.take(conn, LATER, 10)
        assert [lead for lead, _ in taken] == ["ana", "ben"]
    with store.write() as conn:
        dirty.mark(conn, ["ana"], T + 2)
    with store.write() as conn:
        dirty.clear(conn, taken)
        assert [lead for lead, _ in dirty.take(conn, LATER, 10)] == ["ana"]


def test_a_mark_set_after_the_clearing_is_not_taken_for_the_old_one(store: Store) -> None:
    with store.write() as conn:
        dirty.mark(conn, ["ana"], T)
        old = dirty.take(conn, LATER, 1)
        dirty.clear(conn, old)
        dirty.mark(conn, ["ana"], T + 1)
        dirty.clear(conn, old)
        assert len(dirty.take(conn, LATER, 1)) == 1


def test_the_longest_dirty_is_taken_first(store: Store) -> None:
    with store.write() as conn:
        for age, lead in enumerate(["ana", "ben", "cleo"]):
            dirty.mark(conn, [lead], T - age)
        dirty.mark(conn, ["cleo"], T + 9)
        assert [lead for lead, _ in dirty.take(conn, LATER, 2)] == ["cleo", "ben"]


def test_accounts_are_marked_apart_from_leads(store: Store) -> None:
    with store.write() as conn:
        dirty.mark_accounts(conn, ["acme", "acme"], T)
        assert dirty.take(conn, LATER, 1) == []
        marks = dirty.take_accounts(conn, LATER, 1)
        dirty.mark_accounts(conn, ["acme"], T)
        dirty.clear_accounts(conn, marks)
        assert len(dirty.take_accounts(conn, LATER, 1)) == 1
        dirty.clear_accounts(conn, dirty.take_accounts(conn, LATER, 1))
        assert dirty.take_accounts(conn, LATER, 1) == []


def test_an_account_that_is_marked_for_later_waits_until_then(store: Store) -> None:
    with store.write() as conn:
        dirty.mark_accounts(conn, ["acme"], LATER)
        assert dirty.take_accounts(conn, T, 1) == []
        assert [account for account, _ in dirty.take_accounts(conn, LATER, 1)] == ["acme"]
        dirty.mark_accounts(conn, ["acme"], T)
        assert len(dirty.take_accounts(conn, T, 1)) == 1


@pytest.mark.parametrize("lately", [-1, 2_000])
def test_what_is_new_at_an_account_is_what_its_people_and_viewers_did_after_the_number_seen(
    store: Store, monkeypatch: pytest.MonkeyPatch, lately: int
) -> None:
    monkeypatch.setattr(activities, "_LATELY", lately)
    with store.write() as conn:
        leads.add(
            conn,
            [
                NewLead(id=name, email=None, fields={}, created_at=T, account_id=home)
                for name, home in (("ana", "acme"), ("ben", "acme"), ("cleo", "other"), ("gone", "acme"))
            ],
        )
        leads.merge(conn, "gone", "ana")
        rows = [("ana", None), ("ben", "other"), ("cleo", "acme"), ("gone", None), (None, "acme"), ("ana", None)]
        activities.add(conn, [did(f"k{n}", lead, account=account) for n, (lead, account) in enumerate(rows)])
        found = activities.fresh_at(conn, {"acme": 0, "other": 0, "nobody": 0})
        assert {name: sorted(row.key for row in each) for name, each in found.items()} == {
            "acme": ["k0", "k1", "k4", "k5"],
            "other": ["k2"],
            "nobody": [],
        }
        seen = max(row.seq for row in found["acme"] if row.key != "k5")
        assert [row.key for row in activities.fresh_at(conn, {"acme": seen})["acme"]] == ["k5"]
        assert activities.fresh_at(conn, {}) == {}


def test_numbers_of_one_lead_come_in_the_order_of_commits(postgres_store: Store) -> None:
    """Without the mark's lock the second writer would commit number 2 before number 1 is visible."""

    def later(conn: Connection) -> None:
        dirty.mark(conn, ["ana"], T)
        activities.add(conn, [did("s:second")])

    with postgres_store.write() as conn:
        dirty.mark(conn, ["ana"], T)
        thread = in_background(postgres_store, later)
        time.sleep(0.3)
        with postgres_store.read() as other:
            assert activities.history(other, ["ana"]) == [], "the second waits for the first"
        activities.add(conn, [did("s:first")])
    thread.join(5)
    with postgres_store.read() as conn:
        rows = sorted(activities.history(conn, ["ana"]), key=lambda row: row.seq)
        assert [row.key for row in rows] == ["s:first", "s:second"]


def test_a_mark_in_flight_survives_a_clearing_that_did_not_see_it(postgres_store: Store) -> None:
    with postgres_store.write() as conn:
        dirty.mark(conn, ["ana"], T)
    with postgres_store.read() as conn:
        taken = dirty.take(conn, LATER, 1)
    with postgres_store.write() as conn:
        dirty.mark(conn, ["ana"], T + 1)
        thread = in_background(postgres_store, lambda other: dirty.clear(other, taken))
        time.sleep(0.3)
        assert thread.is_alive(), "the clearing waits for the mark"
    thread.join(5)
    with postgres_store.read() as conn:
        assert [lead for lead, _ in dirty.take(conn, LATER, 1)] == ["ana"]


def test_a_mark_that_meets_a_clearing_in_flight_is_not_lost(postgres_store: Store) -> None:
    with postgres_store.write() as conn:
        dirty.mark(conn, ["ana"], T)
        taken = dirty.take(conn, LATER, 1)
    with postgres_store.write() as conn:
        dirty.clear(conn, taken)
        thread = in_background(postgres_store, lambda other: dirty.mark(other, ["ana"], T + 1))
        time.sleep(0.3)
    thread.join(5)
    with postgres_store.read() as conn:
        assert [lead for lead, _ in dirty.take(conn, LATER, 1)] == ["ana"]


def test_somebody_marked_with_rest_is_left_alone_until_then_or_until_marked_without(store: Store) -> None:
    with store.write() as conn:
        dirty.mark(conn, ["ana", "ben"], T, rest=1_000)
        assert dirty.take(conn, T + 999, 9) == []
        dirty.mark(conn, ["ben"], T + 5)
        assert [lead for lead, _ in dirty.take(conn, T + 5, 9)] == ["ben"]
        assert [lead for lead, _ in dirty.take(conn, T + 1_000, 9)] == ["ben", "ana"]
