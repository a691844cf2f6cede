"""Two leads that are one person; records that are deleted and come back; what records said last."""

import pytest
from sqlalchemy import select, update

from integration.store.audit import audit_trail
from integration.store.db.json_codec import encode
from integration.store.db.session import Store
from integration.store.events import activities, decided_effects
from integration.store.events.activities import NewActivity
from integration.store.events.decided_effects import EffectRow
from integration.store.outgoing import outbox
from integration.store.outgoing.outbox import NewOnce
from integration.store.overall import merged_touches, merging
from integration.store.people import field_changes, leads, other_emails, record_references
from integration.store.people.field_changes import NewChange
from integration.store.people.leads import NewLead
from integration.store.people.record_references import Reference
from integration.store.queues import dirty
from integration.store.schema import tables

T = 1_700_000_000_000_000


def two_leads(store: Store) -> None:
    """`old` and `young`, each with a record, an activity, fields, a decision and an unsent handoff."""
    with store.write() as conn:
        for at, lead in enumerate(("old", "young")):
            email = f"{lead}@acme.example"
            leads.add(conn, [NewLead(id=lead, email=email, fields={"email": email}, created_at=T + at)])
            record = Reference(connection="hubspot", object="contact", external_id=f"1{at}", lead_id=lead)
            record_references.link(conn, [record])
            dirty.mark(conn, [lead], T)
            rows = [NewActivity(key=f"a:{lead}", lead_id=lead, at=T + at, type="x", properties={}, source="a")]
            activities.add(conn, rows)
            fields = {"email": email, "title": lead}
            field_changes.add(conn, [NewChange(key=f"c:{lead}", lead_id=lead, at=T + at, fields=fields)])
            field_changes.add(conn, [NewChange(key="same", lead_id=lead, at=T + at, fields={"phone": "1"})])
            for kind in ("handoff", f"only-{lead}"):
                effect = EffectRow(
                    key=f"{lead}/play/{kind}", lead_id=lead, kind="task", at=T, payload={}, because=(), decided_at=T
                )
                decided_effects.add(conn, [effect])
            outbox.want_once(
                conn, "hubspot", "task", [NewOnce(key=f"{lead}/play/handoff", lead_id=lead, payload={})], T
            )
            outbox.want_fields(conn, "hubspot", [lead], T)
            conn.execute(update(tables.leads).values(standing=encode({"total": 15})))


def test_a_joined_lead_is_the_winner_in_everything_that_was_heard(store: Store) -> None:
    two_leads(store)
    with store.write() as conn:
        seen = max(row.seq for row in activities.history(conn, ["old", "young"]))
        merging.join(conn, "young", "old", T + 9)
        assert [row.key for row in activities.fresh(conn, {"old": seen})] == ["a:young"], "later than all that was seen"
        assert [row.key for row in field_changes.history(conn, ["old"])] == ["c:old", "same", "c:young"]
        assert leads.by_reference(conn, [("hubspot", "contact", "11")]) == {("hubspot", "contact", "11"): "old"}
        assert other_emails.former(conn, ["young@acme.example"])
        assert leads.by_email(conn, ["young@acme.example", "old@acme.example"]).get("young@acme.example") != "young"
        assert leads.survivors(conn, ["old", "young"]) == {"young": "old"}
        assert {mark[0] for mark in dirty.take(conn, T + 10, 5)} == {"old", "young"}
        (row,) = leads.get(conn, ["old"])
        assert row.fields["title"] == "young", "what was said last"
        assert [(loser, winner) for loser, winner, _ in merging.waiting(conn, 5)] == [("young", "old")]


def test_what_was_carried_out_for_one_is_carried_out_for_both(store: Store) -> None:
    two_leads(store)
    with store.write() as conn:
        merging.join(conn, "young", "old", T + 9)
        merging.settle(conn, "young", "old", T + 9)
        keys = {"old/play/handoff", "young/play/handoff", "old/play/only-young", "old/play/only-old"}
        assert {effect.key for effect in decided_effects.history(conn, ["old"])} == keys
        dirty.clear(conn, dirty.take(conn, T + 9, 9))
        pending = outbox.pending(conn, "hubspot", "task", T + 9, 9)
        assert [row.key for row in pending] == ["old/play/handoff"], "the second was never made"
        written = outbox.pending(conn, "hubspot", "fields", T + 9, 9)
        assert [(row.lead_id, row.external_id) for row in written] == [("old", "10"), ("old", "11")]
        assert outbox.pending(conn, "hubspot", "closing", T + 9, 9) == []
        assert [entry.action for entry in audit_trail.recent(conn, 9)] == ["merge"]
        assert decided_effects.add(conn, [*decided_effects.history(conn, ["old"])]) == []


def test_a_task_that_stands_twice_in_the_crm_is_to_be_closed_once(store: Store) -> None:
    two_leads(store)
    with store.write() as conn:
        dirty.clear(conn, dirty.take(conn, T, 9))
        rows = outbox.pending(conn, "hubspot", "task", T, 9)
        outbox.sent(conn, [(row.id, row.seq, f"task-of-{row.lead_id}") for row in rows])
        merging.join(conn, "young", "old", T + 9)
        merging.settle(conn, "young", "old", T + 9)
        merging.settle(conn, "young", "old", T + 9)
        (closing,) = outbox.pending(conn, "hubspot", "closing", T + 9, 9)
        assert closing.payload == {"id": "task-of-young"}
        assert outbox.whose(conn, ["young/play/handoff", "old/play/handoff", "no"]) == {
            "young/play/handoff": "old",
            "old/play/handoff": "old",
        }


@pytest.mark.parametrize(
    ("gone", "left"), [("", {"old"}), ("young", {"young"}), ("old", {"old"}), ("young old", {"young", "old"})]
)
def test_one_touch_of_two_leads_that_are_one_goes_out(store: Store, gone: str, left: set[str]) -> None:
    two_leads(store)
    key = "touch/inquiry/1/3"
    with store.write() as conn:
        for lead in ("old", "young"):
            effect = EffectRow(
                key=f"{lead}/{key}", lead_id=lead, kind="touch", at=T, payload={}, because=(), decided_at=T
            )
            decided_effects.add(conn, [effect])
            for name in (key, f"touch/{lead}/1/1"):
                outbox.want_once(conn, "hubspot", "touch", [NewOnce(key=f"{lead}/{name}", lead_id=lead, payload={})], T)
        dirty.clear(conn, dirty.take(conn, T, 9))
        rows = [row for row in outbox.pending(conn, "hubspot", "touch", T, 9) if row.key.endswith(key)]
        outbox.sent(conn, [(row.id, row.seq, "1") for row in rows if row.lead_id in gone.split()])
        merging.join(conn, "young", "old", T + 9)
        merging.settle(conn, "young", "old", T + 9)
        touches = select(tables.outbox.c.key).where(tables.outbox.c.kind == "touch")
        keys = set(conn.execute(touches).scalars())
        assert {each for each in keys if each.endswith(key)} == {f"{lead}/{key}" for lead in left}
        assert {"old/touch/old/1/1", "young/touch/young/1/1"} <= keys, "what one alone had goes"
        withheld = select(tables.effects.c.key).where(tables.effects.c.withheld == merged_touches.SAME)
        assert set(conn.execute(withheld).scalars()) == {f"{lead}/{key}" for lead in {"old", "young"} - left}


def test_merging_a_winner_again_leads_to_the_last_one(store: Store) -> None:
    two_leads(store)
    with store.write() as conn:
        leads.add(conn, [NewLead(id="eldest", email=None, fields={}, created_at=T - 5)])
        merging.join(conn, "young", "old", T)
        merging.join(conn, "old", "eldest", T)
        assert leads.survivors(conn, ["old", "young"]) == {"young": "eldest", "old": "eldest"}
        (row,) = leads.get(conn, ["eldest"])
        assert row.email == "young@acme.example", "an address is handed on to one who has none"


def test_a_deleted_record_is_nobodys_until_it_comes_back(store: Store) -> None:
    two_leads(store)
    address = ("hubspot", "contact", "10")
    with store.write() as conn:
        record_references.bury(conn, [address, ("hubspot", "contact", "404")])
        assert leads.by_reference(conn, [address]) == {}
        dirty.clear(conn, dirty.take(conn, T, 9))
        assert outbox.pending(conn, "hubspot", "task", T, 9)[0].lead_id == "young"
        record_references.bury(conn, [address])
        record_references.revive(conn, [address, ("hubspot", "contact", "11")])
        assert leads.by_reference(conn, [address, ("hubspot", "contact", "11")]) == {
            address: "old",
            ("hubspot", "contact", "11"): "young",
        }


def test_a_record_is_known_by_what_it_told_last(store: Store) -> None:
    two_leads(store)
    address = ("hubspot", "contact", "10")
    with store.write() as conn:
        assert record_references.last_said(conn, [address]) == {}
        record_references.tell(
            conn, [(address, {"lead.title": "VP", "account.technologies": ("a", "b"), "lead.phone": None})]
        )
        record_references.link(
            conn, [Reference(connection="hubspot", object="contact", external_id="10", lead_id="old")]
        )
        told = record_references.last_said(conn, [address])
        assert told == {address: {"lead.title": "VP", "account.technologies": ("a", "b"), "lead.phone": None}}


def test_activities_are_known_by_their_keys(store: Store) -> None:
    two_leads(store)
    with store.read() as conn:
        assert activities.known(conn, ["a:old", "a:nobody"]) == {"a:old"}
