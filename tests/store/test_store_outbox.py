"""The outbox: what must stand in a CRM, until it does, once."""

import pytest
from sqlalchemy import Connection, select

from integration.store.db.json_codec import encode
from integration.store.db.session import Store
from integration.store.outgoing import outbox, outbox_backlog, people_without_records
from integration.store.outgoing.outbox import NewOnce
from integration.store.people import leads, record_references
from integration.store.people.leads import NewLead, SavedLead
from integration.store.people.record_references import Reference
from integration.store.queues import dead_letters, dirty
from integration.store.schema import tables

T = 1_700_000_000_000_000
HUBSPOT = "hubspot"


def stand(conn: Connection, lead: str, total: int) -> None:
    leads.save(
        conn,
        [
            SavedLead(
                id=lead,
                state=encode({}),
                seen=0,
                due=None,
                standing=encode({"total": total}),
                stage="mql",
                band="hot",
                total=total,
                updated_at=T,
            )
        ],
    )


@pytest.fixture
def ana(store: Store) -> Store:
    """A store that knows Ana, a HubSpot contact who has been decided about."""
    with store.write() as conn:
        leads.add(conn, [NewLead(id="ana", email="ana@acme.example", fields={}, created_at=T, owner="u1")])
        leads.link(conn, [Reference(connection=HUBSPOT, object="contact", external_id="101", lead_id="ana")])
        stand(conn, "ana", 15)
    return store


def test_a_lead_decided_ten_times_is_one_row(ana: Store) -> None:
    with ana.write() as conn:
        for turn in range(10):
            outbox.want_fields(conn, HUBSPOT, ["ana"], T + turn)
    with ana.read() as conn:
        (row,) = outbox.pending(conn, HUBSPOT, "fields", T + 100, 100)
        assert (row.seq, row.since, row.object, row.external_id, row.owner) == (10, T, "contact", "101", "u1")


def test_a_row_carries_the_standing_of_the_moment_and_what_was_last_written(ana: Store) -> None:
    with ana.write() as conn:
        outbox.want_fields(conn, HUBSPOT, ["ana"], T)
        stand(conn, "ana", 40)
        record_references.wrote(conn, [(HUBSPOT, "contact", "101", encode({"total": 15, "tags": ("a", "b")}))])
    with ana.read() as conn:
        (row,) = outbox.pending(conn, HUBSPOT, "fields", T, 100)
        assert row.standing == {"total": 40}
        assert row.written == {"total": 15, "tags": ("a", "b")}


def test_the_fields_of_who_was_never_decided_about_wait_and_hide_nobody_elses(ana: Store) -> None:
    with ana.write() as conn:
        leads.add(conn, [NewLead(id="new", email="new@acme.example", fields={}, created_at=T)])
        leads.link(conn, [Reference(connection=HUBSPOT, object="contact", external_id="7", lead_id="new")])
        outbox.want_fields(conn, HUBSPOT, ["new"], T)
        outbox.want_fields(conn, HUBSPOT, ["ana"], T + 1)
        (row,) = outbox.pending(conn, HUBSPOT, "fields", T + 1, 1)
    assert row.lead_id == "ana"


def test_a_task_of_who_is_to_be_decided_about_waits_and_hides_nobody_elses(ana: Store) -> None:
    with ana.write() as conn:
        leads.add(conn, [NewLead(id="ben", email="ben@acme.example", fields={}, created_at=T)])
        leads.link(conn, [Reference(connection=HUBSPOT, object="contact", external_id="8", lead_id="ben")])
        outbox.want_once(conn, HUBSPOT, "task", [NewOnce(key="1", lead_id="ben", payload={})], T)
        outbox.want_once(conn, HUBSPOT, "task", [NewOnce(key="2", lead_id="ana", payload={})], T + 1)
        dirty.mark(conn, ["ben"], T)
        assert [row.key for row in outbox.pending(conn, HUBSPOT, "task", T + 1, 1)] == ["2"]
        dirty.clear(conn, dirty.take(conn, T, 1))
        assert [row.key for row in outbox.pending(conn, HUBSPOT, "task", T + 1, 1)] == ["1"]


def test_the_tasks_of_who_asked_for_a_demo_are_sent_first(ana: Store) -> None:
    with ana.write() as conn:
        leads.add(conn, [NewLead(id="ben", email="ben@acme.example", fields={}, created_at=T)])
        leads.link(conn, [Reference(connection=HUBSPOT, object="contact", external_id="8", lead_id="ben")])
        outbox.want_once(conn, HUBSPOT, "task", [NewOnce(key="1", lead_id="ben", payload={})], T)
        outbox.want_once(conn, HUBSPOT, "task", [NewOnce(key="2", lead_id="ana", payload={})], T + 1)
        outbox.first(conn, ["ana"])
        found = outbox.pending(conn, HUBSPOT, "task", T + 1, 2)
    assert [(row.key, row.urgent) for row in found] == [("2", True), ("1", False)]


def test_a_row_wanted_again_while_it_was_sent_stays_pending(ana: Store) -> None:
    with ana.write() as conn:
        outbox.want_fields(conn, HUBSPOT, ["ana"], T)
        (row,) = outbox.pending(conn, HUBSPOT, "fields", T, 100)
    with ana.write() as conn:
        outbox.want_fields(conn, HUBSPOT, ["ana"], T + 1)
    with ana.write() as conn:
        outbox.sent(conn, [(row.id, row.seq, "101")])
        (again,) = outbox.pending(conn, HUBSPOT, "fields", T + 1, 100)
        outbox.sent(conn, [(again.id, again.seq, "101")])
        assert outbox.pending(conn, HUBSPOT, "fields", T + 1, 100) == []
        assert outbox_backlog.counts(conn) == {(HUBSPOT, "fields", "sent"): 1}


def test_a_sent_row_is_pending_anew_when_the_lead_changes(ana: Store) -> None:
    with ana.write() as conn:
        outbox.want_fields(conn, HUBSPOT, ["ana"], T)
        (row,) = outbox.pending(conn, HUBSPOT, "fields", T, 100)
        outbox.sent(conn, [(row.id, row.seq, "101")])
        outbox.want_fields(conn, HUBSPOT, ["ana"], T + 5)
        (again,) = outbox.pending(conn, HUBSPOT, "fields", T + 5, 100)
        assert (again.id, again.since, again.attempts) == (row.id, T + 5, 0)


def test_a_task_is_wanted_once_whatever_happened_to_it(ana: Store) -> None:
    task = NewOnce(key="task:1", lead_id="ana", payload={"subject": "Call Ana"})
    with ana.write() as conn:
        outbox.want_once(conn, HUBSPOT, "task", [task, task], T)
        (row,) = outbox.pending(conn, HUBSPOT, "task", T, 100)
        assert row.payload == {"subject": "Call Ana"}
        outbox.sent(conn, [(row.id, row.seq, "555")])
        outbox.want_once(conn, HUBSPOT, "task", [task], T + 1)
        assert outbox.pending(conn, HUBSPOT, "task", T + 1, 100) == []


def test_a_task_moves_to_the_crm_that_knows_the_person_unless_it_was_tried(ana: Store) -> None:
    with ana.write() as conn:
        tasks = [NewOnce(key=f"task:{number}", lead_id="ana", payload={}) for number in (1, 2)]
        outbox.want_once(conn, "salesforce", "task", tasks, T)
        tried = conn.execute(select(tables.outbox.c.id).where(tables.outbox.c.key == "task:2")).scalar_one()
        outbox.attempting(conn, [tried])
        people_without_records.rehome(conn, HUBSPOT, ["ana"])
        assert [row.key for row in outbox.pending(conn, HUBSPOT, "task", T, 10)] == ["task:1"]


def test_a_task_stays_in_a_crm_that_knows_the_person(ana: Store) -> None:
    with ana.write() as conn:
        leads.link(conn, [Reference(connection="salesforce", object="Lead", external_id="00Q1", lead_id="ana")])
        outbox.want_once(conn, "salesforce", "task", [NewOnce(key="task:1", lead_id="ana", payload={})], T)
        people_without_records.rehome(conn, HUBSPOT, ["ana"])
        assert [row.key for row in outbox.pending(conn, "salesforce", "task", T, 10)] == ["task:1"]


def test_an_attempt_is_on_record_before_its_outcome(ana: Store) -> None:
    with ana.write() as conn:
        outbox.want_once(conn, HUBSPOT, "task", [NewOnce(key="task:1", lead_id="ana", payload={})], T)
        (row,) = outbox.pending(conn, HUBSPOT, "task", T, 100)
        assert not row.attempted
        outbox.attempting(conn, [row.id])
    with ana.read() as conn:
        assert outbox.pending(conn, HUBSPOT, "task", T, 100)[0].attempted


def test_a_lead_without_a_record_there_waits_until_there_is_one(store: Store) -> None:
    with store.write() as conn:
        leads.add(conn, [NewLead(id="ben", email=None, fields={}, created_at=T)])
        leads.link(conn, [Reference(connection="salesforce", object="Lead", external_id="00Q1", lead_id="ben")])
        stand(conn, "ben", 15)
        outbox.want_fields(conn, HUBSPOT, ["ben"], T)
        assert outbox.pending(conn, HUBSPOT, "fields", T, 100) == []
        assert outbox.oldest(conn, HUBSPOT) is None
        leads.link(conn, [Reference(connection=HUBSPOT, object="contact", external_id="7", lead_id="ben")])
        assert [row.external_id for row in outbox.pending(conn, HUBSPOT, "fields", T, 100)] == ["7"]
        assert outbox.oldest(conn, HUBSPOT) == T


def test_every_record_of_a_lead_is_written_the_contact_first_and_one_that_lives_on_as_another_no_more(
    store: Store,
) -> None:
    with store.write() as conn:
        leads.add(conn, [NewLead(id="ben", email=None, fields={}, created_at=T)])
        leads.link(
            conn,
            [
                Reference(connection="salesforce", object="Lead", external_id="00Q1", lead_id="ben"),
                Reference(connection="salesforce", object="Contact", external_id="0031", lead_id="ben"),
            ],
        )
        stand(conn, "ben", 15)
        outbox.want_fields(conn, "salesforce", ["ben"], T)
        rows = outbox.pending(conn, "salesforce", "fields", T, 100)
        assert [(row.object, row.external_id, row.further) for row in rows] == [
            ("Contact", "0031", False),
            ("Lead", "00Q1", True),
        ]
        outbox.want_once(conn, "salesforce", "touch", [NewOnce(key="1", lead_id="ben", payload={})], T)
        assert [row.object for row in outbox.pending(conn, "salesforce", "touch", T, 100)] == ["Contact"]
        outbox.moved(conn, [rows[1].id])
        outbox.want_fields(conn, "salesforce", ["ben"], T + 1)
        assert [row.object for row in outbox.pending(conn, "salesforce", "fields", T, 100)] == ["Contact"]


def test_two_writes_of_fields_never_go_to_one_record_at_once(store: Store) -> None:
    """The Contact, which was preferred, is gone: the Lead is, and was to be written anyway."""
    contact = Reference(connection="salesforce", object="Contact", external_id="0031", lead_id="ben")
    with store.write() as conn:
        leads.add(conn, [NewLead(id="ben", email=None, fields={}, created_at=T)])
        leads.link(conn, [Reference(connection="salesforce", object="Lead", external_id="00Q1", lead_id="ben")])
        leads.link(conn, [contact])
        stand(conn, "ben", 15)
        outbox.want_fields(conn, "salesforce", ["ben"], T)
        record_references.bury(conn, [("salesforce", "Contact", "0031")])
        (row,) = outbox.pending(conn, "salesforce", "fields", T, 100)
        outbox.sent(conn, [(row.id, row.seq, row.external_id)])
        (other,) = outbox.pending(conn, "salesforce", "fields", T, 100)
        assert (row.external_id, other.external_id, row.id != other.id) == ("00Q1", "00Q1", True)


def test_what_has_waited_longest_goes_first_and_the_limit_counts_rows(store: Store) -> None:
    names = [f"lead{number}" for number in range(5)]
    with store.write() as conn:
        leads.add(conn, [NewLead(id=name, email=None, fields={}, created_at=T) for name in names])
        for name in names:
            leads.link(
                conn,
                [
                    Reference(connection="salesforce", object="Lead", external_id=f"00Q{name}", lead_id=name),
                    Reference(connection="salesforce", object="Contact", external_id=f"003{name}", lead_id=name),
                ],
            )
            stand(conn, name, 15)
            touch = NewOnce(key=name, lead_id=name, payload={})
            outbox.want_once(conn, "salesforce", "touch", [touch], T - names.index(name))
        rows = outbox.pending(conn, "salesforce", "touch", T, 3)
        assert [row.lead_id for row in rows] == ["lead4", "lead3", "lead2"]


def test_a_postponed_row_waits_and_counts_its_attempts(ana: Store) -> None:
    with ana.write() as conn:
        outbox.want_fields(conn, HUBSPOT, ["ana"], T)
        (row,) = outbox.pending(conn, HUBSPOT, "fields", T, 100)
        outbox.postpone(conn, [(row.id, T + 60, "503")])
        assert outbox.pending(conn, HUBSPOT, "fields", T + 59, 100) == []
        assert outbox.pending(conn, HUBSPOT, "fields", T + 60, 100)[0].attempts == 1
        outbox.want_fields(conn, HUBSPOT, ["ana"], T + 1)
        assert outbox.pending(conn, HUBSPOT, "fields", T + 59, 100) == [], "wanting again does not hurry a backoff"


def test_what_the_crm_refuses_for_good_is_a_letter_and_can_be_revived(ana: Store) -> None:
    with ana.write() as conn:
        outbox.want_once(conn, HUBSPOT, "task", [NewOnce(key="task:1", lead_id="ana", payload={"subject": "S"})], T)
        (row,) = outbox.pending(conn, HUBSPOT, "task", T, 100)
        outbox.dead(conn, [(row.id, "INVALID_OWNER")], T + 1)
        assert outbox.pending(conn, HUBSPOT, "task", T + 2, 100) == []
        (letter,) = dead_letters.waiting(conn, 10)
        assert (letter.stage, letter.source, letter.ref, letter.reason, letter.lead_id) == (
            "deliver",
            HUBSPOT,
            str(row.id),
            "INVALID_OWNER",
            "ana",
        )
        assert b"task:1" in letter.payload
        outbox.revive(conn, [row.id], T + 3)
        assert outbox.pending(conn, HUBSPOT, "task", T + 3, 100)[0].attempts == 0
