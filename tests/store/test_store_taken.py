"""Deliveries that come again are kept once, in every database, and remembered for a bounded time."""

import threading

from sqlalchemy import func, select

from integration.store.db.session import Store
from integration.store.events import taken
from integration.store.queues import inbox
from integration.store.schema.tables import taken as table
from mappings.values.instant import MINUTE, SECOND

AT = 1_795_000_000 * SECOND


def keep(store: Store, *deliveries: tuple[str, bytes], at: int = AT, source: str = "activities") -> list[int]:
    rows = [(source, {}, body, at) for _, body in deliveries]
    with store.write() as conn:
        return taken.keep(conn, rows, [taken.digest(source, name, body) for name, body in deliveries])


def stored(store: Store) -> list[bytes]:
    with store.read() as conn:
        return [each.body for each in inbox.pending(conn, 100)]


def remembered(store: Store) -> int:
    with store.read() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def test_what_comes_again_is_answered_with_the_first_id_and_not_stored_again(store: Store) -> None:
    (first,) = keep(store, ("m1", b"one"))
    assert keep(store, ("m1", b"one")) == [first]
    other, again, third = keep(store, ("m2", b"two"), ("m1", b"one"), ("m3", b"three"))
    assert again == first
    assert len({first, other, third}) == 3
    assert sorted(stored(store)) == [b"one", b"three", b"two"]


def test_the_same_twice_in_one_commit_is_stored_once(store: Store) -> None:
    first, again = keep(store, ("m1", b"one"), ("m1", b"one"))
    assert first == again
    assert stored(store) == [b"one"]


def test_another_body_name_or_source_is_another_delivery(store: Store) -> None:
    keep(store, ("m1", b"one"), ("m1", b"two"), ("m2", b"one"))
    keep(store, ("m1", b"one"), source="hubspot")
    assert sorted(stored(store)) == [b"one", b"one", b"one", b"two"]


def test_what_has_no_name_is_always_stored(store: Store) -> None:
    with store.write() as conn:
        taken.keep(conn, [("salesforce", {}, b"one", AT)] * 2, [None, None])
    assert stored(store) == [b"one", b"one"]
    assert remembered(store) == 0


def test_two_names_that_look_alike_and_are_not_are_both_stored(store: Store) -> None:
    """A digest has 64 bits; two deliveries may have the same one."""
    with store.write() as conn:
        taken.keep(conn, [("activities", {}, b"one", AT)], [7])
    with store.write() as conn:
        taken.keep(conn, [("activities", {}, b"two", AT), ("activities", {}, b"one", AT)], [7, 7])
    assert sorted(stored(store)) == [b"one", b"two"]


def test_two_processes_that_take_the_same_at_once_store_it_once(store: Store) -> None:
    ids: list[int] = []
    threads = [threading.Thread(target=lambda: ids.extend(keep(store, ("m1", b"one")))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(ids) == 8
    assert len(set(ids)) == 1
    assert stored(store) == [b"one"]


def test_a_delivery_is_remembered_for_longer_than_its_signature_is_good_and_then_forgotten(store: Store) -> None:
    keep(store, *((f"m{n}", b"x") for n in range(1_500)))
    with store.write() as conn:
        assert not taken.prunable(conn, AT + 10 * MINUTE)
        assert taken.prune(conn, AT + 10 * MINUTE) == 0
        assert taken.prunable(conn, AT + 16 * MINUTE)
        assert [taken.prune(conn, AT + 16 * MINUTE) for _ in range(3)] == [1_000, 500, 0]
    assert remembered(store) == 0
    keep(store, ("m1", b"x"))
    assert remembered(store) == 1
