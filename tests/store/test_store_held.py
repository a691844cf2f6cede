"""What stands in the CRMs' own fields, and what becomes of the tasks of leads whom nobody is to contact."""

import json

import pytest

from integration.store.crm import crm_field_state
from integration.store.db.json_codec import encode
from integration.store.db.session import Store
from integration.store.outgoing import outbox
from integration.store.outgoing.outbox import NewOnce
from integration.store.outgoing.suppressed_effects import silence
from integration.store.people import leads, record_references
from integration.store.people.leads import NewLead, SavedLead
from integration.store.people.record_references import Reference
from integration.store.queues import dirty
from mappings.translate.native_fields import FieldState

T = 1_700_000_000_000_000
ANA, BO = ("hubspot", "contact", "101"), ("hubspot", "contact", "102")


@pytest.fixture
def two(store: Store) -> Store:
    """A store that knows Ana, who is suppressed, and Bo, who is not; both are HubSpot contacts with three tasks."""
    with store.write() as conn:
        for lead, stage, address in (("ana", "suppressed", ANA), ("bo", "mql", BO)):
            leads.add(conn, [NewLead(id=lead, email=f"{lead}@acme.example", fields={}, created_at=T)])
            leads.link(
                conn, [Reference(connection=address[0], object=address[1], external_id=address[2], lead_id=lead)]
            )
            saved = SavedLead(
                id=lead,
                state=encode({}),
                seen=0,
                due=None,
                standing=encode({"stage": stage}),
                stage=stage,
                band=None,
                total=0,
                updated_at=T,
            )
            leads.save(conn, [saved])
            tasks = [
                NewOnce(key=f"{lead}/{number}", lead_id=lead, payload={"subject": f"Call {number}"})
                for number in range(3)
            ]
            outbox.want_once(conn, "hubspot", "task", tasks, T)
            outbox.want_once(conn, "hubspot", "touch", [NewOnce(key=f"{lead}/t", lead_id=lead, payload={})], T)
            outbox.want_fields(conn, "hubspot", [lead], T)
        rows = {row.key: row for row in outbox.pending(conn, "hubspot", "task", T, 10)}
        outbox.attempting(conn, [rows[f"{lead}/1"].id for lead in ("ana", "bo")])
        outbox.sent(conn, [(rows[f"{lead}/0"].id, 1, f"9{lead}") for lead in ("ana", "bo")])
    return store


def _keys(store: Store) -> set[str]:
    with store.read() as conn:
        return set(conn.exec_driver_sql("SELECT key FROM outbox").scalars())


def test_what_is_known_of_a_record_is_kept_whole_and_follows_it(two: Store) -> None:
    known = {
        "lifecyclestage": FieldState(value="lead", sent="customer", sent_at=T, read="lead", seen=T - 1),
        "hs_email_optout": FieldState(value=None),
    }
    with two.write() as conn:
        assert crm_field_state.load(conn, [ANA, BO]) == {}
        crm_field_state.save(conn, {ANA: known, ("hubspot", "contact", "999"): known})
        assert crm_field_state.load(conn, [ANA, BO, ("hubspot", "contact", "999")]) == {ANA: known}
        record_references.bury(conn, [ANA])
        assert crm_field_state.load(conn, [ANA]) == {}
        record_references.revive(conn, [ANA])
        assert crm_field_state.load(conn, [ANA]) == {ANA: known}


def test_what_was_not_sent_is_dropped_and_what_stands_is_to_be_closed_once(two: Store) -> None:
    before = _keys(two)
    with two.write() as conn:
        assert silence(conn, ["ana", "bo", "nobody"], T) == {"hubspot"}
        assert silence(conn, ["ana", "bo"], T + 1) == set()
        (closing,) = outbox.pending(conn, "hubspot", "closing", T, 10)
    assert closing.payload == {"id": "9ana", "because": "Do not contact", "subject": "Call 0"}
    assert before - _keys(two) == {"ana/2", "ana/t"}, "a task whose outcome is unclear is looked for first"
    assert _keys(two) - before == {"closing:ana/0"}
    with two.read() as conn:
        told = conn.exec_driver_sql("SELECT action, detail FROM audit").all()
    assert [(action, json.loads(detail)) for action, detail in told] == [
        ("silence", {"leads": ["ana"], "dropped": 2, "closed": ["ana/0"]})
    ]


def test_a_task_that_arrives_after_all_is_closed_then(two: Store) -> None:
    with two.write() as conn:
        silence(conn, ["ana"], T)
        (late,) = [row for row in outbox.pending(conn, "hubspot", "task", T, 10) if row.lead_id == "ana"]
        outbox.sent(conn, [(late.id, late.seq, "9late")])
        assert silence(conn, ["ana"], T + 1) == {"hubspot"}
        assert {row.payload["id"] for row in outbox.pending(conn, "hubspot", "closing", T + 1, 10)} == {"9ana", "9late"}


def test_a_row_that_rests_is_pending_and_blamed_for_nothing(two: Store) -> None:
    with two.write() as conn:
        rows = outbox.pending(conn, "hubspot", "fields", T, 10)
        outbox.defer(conn, [rows[0].id], T + 5)
        assert [row.id for row in outbox.pending(conn, "hubspot", "fields", T, 10)] == [rows[1].id]
        again = outbox.pending(conn, "hubspot", "fields", T + 5, 10)
    assert {(row.id, row.attempts) for row in again} == {(row.id, 0) for row in rows}


def test_who_waits_to_be_decided_about_is_known(two: Store) -> None:
    with two.write() as conn:
        dirty.mark(conn, ["ana"], T, rest=10)
        assert dirty.marked(conn, ["ana", "bo"]) == {"ana"}
