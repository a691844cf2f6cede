"""The small tables around the work: inbox, effects, refresh, letters, pauses, progress, counters, audit, figures."""

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.crm import connection_pauses
from integration.store.db import counters
from integration.store.db.session import Store
from integration.store.events import decided_effects
from integration.store.events.decided_effects import EffectRow
from integration.store.outgoing import outbox
from integration.store.overall import store_figures
from integration.store.people import leads
from integration.store.people.leads import NewLead
from integration.store.progress import poll_progress, sync_progress, unread_objects
from integration.store.progress.poll_progress import Mark
from integration.store.progress.sync_progress import Course
from integration.store.queues import dead_letters as letters
from integration.store.queues import dirty, inbox, look_ups, people_to_find, records_to_read
from integration.store.queues.dead_letters import Letter
from integration.store.queues.records_to_read import Wanted
from integration.store.schema import tables
from mappings.values.instant import DAY

T = 1_700_000_000_000_000


def delivery(body: bytes, at: int = T) -> tuple[str, dict[str, str], bytes, int]:
    return ("hubspot", {"X-Signature": "v3"}, body, at)


def test_deliveries_are_kept_byte_for_byte_in_the_order_given(store: Store) -> None:
    bodies = [b"\x00\xff", b"", b"[{}]"]
    with store.write() as conn:
        ids = inbox.add(conn, [delivery(body) for body in bodies])
        single = inbox.add(conn, [delivery(b"last")])
    with store.read() as conn:
        waiting = inbox.pending(conn, 10)
        assert [row.id for row in waiting] == ids + single == sorted(ids + single)
        assert [row.body for row in waiting] == [*bodies, b"last"]
        assert waiting[0].headers == {"X-Signature": "v3"}
        assert len(inbox.pending(conn, 2)) == 2


def test_a_delivery_is_done_dead_or_still_pending(store: Store) -> None:
    with store.write() as conn:
        first, second, third = inbox.add(conn, [delivery(b"1"), delivery(b"2"), delivery(b"3")])
        inbox.done(conn, [first])
        inbox.dead(conn, [third], "poison")
        assert [row.id for row in inbox.pending(conn, 10)] == [second]
        assert inbox.counts(conn) == {"new": 1, "done": 1, "dead": 1}
        inbox.revive(conn, [third])
        assert [row.id for row in inbox.pending(conn, 10)] == [second, third]


def test_only_old_done_deliveries_are_pruned(store: Store) -> None:
    with store.write() as conn:
        ids = inbox.add(conn, [delivery(b"1", T), delivery(b"2", T + 10), delivery(b"3", T)])
        inbox.done(conn, ids[:2])
        assert inbox.prune(conn, T + 5) == 1
        assert inbox.counts(conn) == {"new": 1, "done": 1, "dead": 0}


def test_an_id_is_never_used_again(store: Store) -> None:
    with store.write() as conn:
        (first,) = inbox.add(conn, [delivery(b"1")])
        inbox.done(conn, [first])
        inbox.prune(conn, T + 1)
        (second,) = inbox.add(conn, [delivery(b"2")])
    assert second > first


def effect(key: str, at: int = T) -> EffectRow:
    return EffectRow(
        key=key, lead_id="ana", kind="task", at=at, payload={"subject": "x"}, because=("a1", "a2"), decided_at=T
    )


def test_an_effect_is_new_once_ever(store: Store) -> None:
    with store.write() as conn:
        assert sorted(decided_effects.add(conn, [effect("k1"), effect("k2"), effect("k1")])) == ["k1", "k2"]
    with store.write() as conn:
        assert decided_effects.add(conn, [effect("k2"), effect("k3", T - 1)]) == ["k3"]
        assert decided_effects.known(conn, ["k1", "k9"]) == {"k1"}
        assert decided_effects.history(conn, ["ana"]) == [effect("k3", T - 1), effect("k1"), effect("k2")]


def test_a_record_wanted_again_while_it_was_read_is_read_again(store: Store) -> None:
    with store.write() as conn:
        record = Wanted(connection="hubspot", object="contact", external_id="1")
        records_to_read.want(conn, [record, record, Wanted(connection="salesforce", object="Lead", external_id="1")])
        (taken,) = records_to_read.take(conn, "hubspot", T, 10)
        records_to_read.want(conn, [record])
        records_to_read.done(conn, [taken])
        (again,) = records_to_read.take(conn, "hubspot", T, 10)
        records_to_read.done(conn, [again])
        assert records_to_read.take(conn, "hubspot", T, 10) == []


def test_a_postponed_record_waits_unless_it_is_wanted_again(store: Store) -> None:
    with store.write() as conn:
        people_to_find.seek(conn, ["hubspot"], ["ana@x.example"])
        look_ups.postpone(conn, look_ups.take(conn, "hubspot", T, 10), T + 5)
        assert look_ups.take(conn, "hubspot", T + 4, 10) == []
        assert [row.attempts for row in look_ups.take(conn, "hubspot", T + 5, 10)] == [1]
        people_to_find.seek(conn, ["hubspot"], ["ana@x.example"])
        assert [row.attempts for row in look_ups.take(conn, "hubspot", T, 10)] == [0]
        assert people_to_find.sought(conn, ["ana@x.example", "bo@x.example"]) == {"ana@x.example"}


def test_a_letter_is_replayed_once(store: Store) -> None:
    with store.write() as conn:
        rows = [
            Letter(stage="ingest", source="hubspot", ref=f"{number}:0", payload=b"\x00", reason="bad", at=T)
            for number in range(3)
        ]
        letters.add(conn, rows)
        waiting = letters.waiting(conn, 10)
        assert [letter.ref for letter in waiting] == ["2:0", "1:0", "0:0"]
        assert [letter.ref for letter in letters.waiting(conn, 1, before=waiting[0].id)] == ["1:0"]
        ids = [waiting[0].id, waiting[1].id]
        assert letters.replayed(conn, ids, T + 1) == set(ids)
        assert letters.replayed(conn, [*ids, waiting[2].id], T + 2) == {waiting[2].id}
        assert letters.waiting(conn, 10) == []
        assert [letter.replayed_at for letter in letters.get(conn, ids)] == [T + 1, T + 1]


def test_a_lane_rests_until_its_time_or_until_resumed(store: Store) -> None:
    with store.write() as conn:
        connection_pauses.pause(conn, "hubspot", T + 5, "429")
        connection_pauses.sign_out(conn, "salesforce", "invalid_grant")
        assert set(connection_pauses.paused(conn, T)) == {"hubspot", "salesforce"}
        assert set(connection_pauses.paused(conn, T + 5)) == {"salesforce"}
        connection_pauses.pause(conn, "hubspot", T + 9, "429 again")
        assert connection_pauses.paused(conn, T + 5)["hubspot"].reason == "429 again"
        connection_pauses.resume(conn, "salesforce")
        assert set(connection_pauses.paused(conn, T + 5)) == {"hubspot"}


def test_what_is_kept_of_one_purpose_connection_or_object_is_nothing_to_another(store: Store) -> None:
    with store.write() as conn:
        assert poll_progress.mark(conn, "hubspot", "contact") is None
        poll_progress.put_mark(conn, "hubspot", "contact", Mark(newest=1, grown_at=1), T)
        poll_progress.put_mark(conn, "hubspot", "contact", Mark(newest=2, grown_at=1), T)
        poll_progress.put_next_object(conn, "hubspot", "company", T)
        sync_progress.put(conn, "hubspot", {"contact": Course(began_at=T)}, T)
        unread_objects.note(conn, "hubspot", "contact", "no right", T)
        unread_objects.note(conn, "hubspot", "contact", "no right at all", T + 9)
    with store.read() as conn:
        assert poll_progress.mark(conn, "hubspot", "contact") == Mark(newest=2, grown_at=1)
        assert poll_progress.mark(conn, "hubspot-emea", "contact") is None
        assert poll_progress.mark(conn, "hubspot", "company") is None
        assert (poll_progress.next_object(conn, "hubspot"), poll_progress.next_object(conn, "hubspot-emea")) == (
            "company",
            "",
        )
        assert sync_progress.courses(conn, "hubspot", ["company", "contact"]) == {"contact": Course(began_at=T)}
        (unread,) = unread_objects.known(conn, "hubspot", ["company", "contact"])
        assert (unread.object, unread.since, unread.said) == ("contact", T, "no right at all")
    with store.write() as conn:
        unread_objects.clear(conn, "hubspot", ["contact"])
        assert unread_objects.known(conn, "hubspot", ["company", "contact"]) == []
        assert poll_progress.mark(conn, "hubspot", "contact") is not None


def test_counters_only_grow_and_each_by_itself(store: Store) -> None:
    with store.write() as conn:
        assert counters.value(conn, "erased_dropped") == 0
        assert (counters.add(conn, "erased_dropped", 2), counters.add(conn, "erased_dropped", 3)) == (2, 5)
        assert counters.value(conn, "event_seq") == 0


def test_the_audit_trail_is_never_rewritten(store: Store) -> None:
    entry = Entry(at=T, actor="admin", action="replay", subject="letter 1", detail={"n": 1})
    with store.write() as conn:
        audit_trail.add(conn, [entry, Entry(at=T, actor="admin", action="pause", subject="hubspot")])
        audit_trail.add(conn, [Entry(at=store.now(conn) - 29 * DAY, actor="admin", action="pause", subject="hubspot")])
    for statement in (update(tables.audit).values(actor="nobody"), delete(tables.audit)):
        with pytest.raises(DBAPIError, match="append-only"), store.write() as conn:
            conn.execute(statement)
    with store.read() as conn:
        assert audit_trail.recent(conn, 10)[2] == entry
        assert len(audit_trail.recent(conn, 1)) == 1


def test_old_lines_of_the_audit_trail_can_go_and_those_of_the_last_thirty_days_cannot(store: Store) -> None:
    with store.write() as conn:
        now = store.now(conn)
        ages = (400, 31, 29, 1)
        audit_trail.add(conn, [Entry(at=now - age * DAY, actor="a", action="x", subject=str(age)) for age in ages])
    with store.write() as conn:
        assert audit_trail.prunable(conn, now - 30 * DAY)
        assert audit_trail.prune(conn, now - 30 * DAY) == 2
        assert not audit_trail.prunable(conn, now - 30 * DAY)
    with pytest.raises(DBAPIError, match="append-only"), store.write() as conn:
        audit_trail.prune(conn, now)
    with store.read() as conn:
        assert [each.subject for each in audit_trail.recent(conn, 9)] == ["1", "29"]


def test_the_figures_count_what_waits_and_since_when(store: Store) -> None:
    with store.write() as conn:
        inbox.add(conn, [delivery(b"", T + 3)])
        leads.add(conn, [NewLead(id="ana", email=None, fields={}, created_at=T)])
        dirty.mark(conn, ["ana"], T + 4)
        outbox.want_fields(conn, "hubspot", ["ana"], T + 5)
        records_to_read.want(conn, [Wanted(connection="hubspot", object="contact", external_id="1")])
        letters.add(conn, [Letter(stage="advance", source="s", ref="1", payload=b"", reason="r", at=T)])
    with store.read() as conn:
        found = store_figures.counts(conn)
    assert found.leads_by_stage == {"": 1}
    assert found.inbox == {"new": 1, "done": 0, "dead": 0}
    assert found.outbox == {("hubspot", "fields", "new"): 1}
    assert (found.dirty, found.refresh, found.dead_letters) == (1, 1, {"advance": 1})
    assert (found.oldest_delivery, found.oldest_dirty, found.oldest_outgoing) == (T + 3, T + 4, T + 5)


def test_an_empty_store_has_figures_too(store: Store) -> None:
    with store.read() as conn:
        found = store_figures.counts(conn)
    assert (found.leads_by_stage, found.oldest_delivery, found.oldest_outgoing) == ({}, None, None)


def test_whoever_asked_for_a_demo_is_taken_first_and_stays_first_however_often_they_are_marked(store: Store) -> None:
    with store.write() as conn:
        dirty.mark(conn, ["ana", "ben"], T)
        dirty.mark(conn, ["cleo"], T + 1, first={"cleo"})
        dirty.mark(conn, ["cleo"], T + 2)
        assert [lead for lead, _ in dirty.take(conn, T + 2, 9)] == ["cleo", "ana", "ben"]
        dirty.mark(conn, ["ben"], T + 3, first={"ben"})
        assert [lead for lead, _ in dirty.take(conn, T + 3, 9)] == ["ben", "cleo", "ana"]
