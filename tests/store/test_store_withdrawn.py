"""What waits in the outbox is taken back where a history known better no longer leads to it, and comes back."""

import pytest
from sqlalchemy import Connection, select, update

from integration.store.db.session import Store
from integration.store.events import decided_effects, live_since
from integration.store.events.decided_effects import EffectRow
from integration.store.outgoing import outbox, withdrawn_effects
from integration.store.outgoing.outbox import NewOnce
from integration.store.outgoing.withdrawn_effects import Led
from integration.store.people import leads, record_references
from integration.store.people.leads import NewLead
from integration.store.people.record_references import Reference
from integration.store.schema import tables

T = 1_700_000_000_000_000
CRM = "salesforce"


@pytest.fixture
def ana(store: Store) -> Store:
    """Ana, a lead in Salesforce for whom two tasks and a touch wait."""
    with store.write() as conn:
        leads.add(conn, [NewLead(id="ana", email="ana@acme.example", fields={}, created_at=T)])
        leads.link(conn, [Reference(connection=CRM, object="Lead", external_id="1", lead_id="ana")])
        for kind, key in (("task", "ana/a"), ("task", "old/b"), ("touch", "ana/c")):
            outbox.want_once(conn, CRM, kind, [NewOnce(key=key, lead_id="ana", payload={})], T)  # type: ignore[arg-type]
    return store


def states(conn: Connection) -> dict[str, str]:
    return dict(conn.execute(select(tables.outbox.c.key, tables.outbox.c.state)).all())


def test_what_nothing_leads_to_waits_no_longer_and_comes_back_when_something_does(ana: Store) -> None:
    with ana.write() as conn:
        assert withdrawn_effects.reconsider(conn, {"ana": Led(["ana/a"])}) == set()
        assert states(conn) == {"ana/a": "new", "old/b": "withdrawn", "ana/c": "withdrawn"}
        assert [row.key for row in outbox.pending(conn, CRM, "task", T, 10)] == ["ana/a"]
        assert withdrawn_effects.reconsider(conn, {"ana": Led(["ana/a", "ana/b"])}) == {CRM}
        assert states(conn) == {"ana/a": "new", "old/b": "new", "ana/c": "withdrawn"}


def test_a_key_of_before_two_leads_became_one_counts_as_the_winners(ana: Store) -> None:
    with ana.write() as conn:
        withdrawn_effects.reconsider(conn, {"ana": Led(["ana/a", "ana/b", "ana/c"])})
        assert set(states(conn).values()) == {"new"}


def test_what_is_being_sent_or_was_sent_is_left_as_it_is(ana: Store) -> None:
    with ana.write() as conn:
        first, second, _ = (row.id for row in conn.execute(select(tables.outbox).order_by(tables.outbox.c.id)))
        assert outbox.attempting(conn, [first]) == {first}
        outbox.sent(conn, [(second, 1, "00T")])
        withdrawn_effects.reconsider(conn, {"ana": Led([])})
        assert states(conn) == {"ana/a": "new", "old/b": "sent", "ana/c": "withdrawn"}


def test_what_was_taken_back_since_it_was_looked_at_is_not_sent(ana: Store) -> None:
    with ana.write() as conn:
        looked_at = [row.id for row in outbox.pending(conn, CRM, "task", T, 10)]
        withdrawn_effects.reconsider(conn, {"ana": Led(["ana/a"])})
        assert outbox.attempting(conn, looked_at) == {looked_at[0]}


@pytest.mark.parametrize("key", ["ana/b", "old/b"])
def test_the_effect_of_what_was_taken_back_is_withheld_meanwhile(ana: Store, key: str) -> None:
    """It was not made. Where two leads became one, the effect has the winner's key and the task the loser's."""
    row = EffectRow(key=key, lead_id="ana", kind="task", at=T, payload={}, because=(), decided_at=T)
    with ana.write() as conn:
        decided_effects.add(conn, [row])
        withdrawn_effects.reconsider(conn, {"ana": Led([])})
        assert [each.withheld for each in decided_effects.history(conn, ["ana"])] == ["withdrawn"]
        withdrawn_effects.reconsider(conn, {"ana": Led(["ana/b"])})
        assert [each.withheld for each in decided_effects.history(conn, ["ana"])] == [None]
        assert states(conn)["old/b"] == "new"


def test_what_was_withheld_meanwhile_does_not_come_back(ana: Store) -> None:
    row = EffectRow(key="ana/a", lead_id="ana", kind="task", at=T, payload={}, because=(), decided_at=T)
    with ana.write() as conn:
        decided_effects.add(conn, [row])
        withdrawn_effects.reconsider(conn, {"ana": Led([])})
        conn.execute(update(tables.effects).values(withheld=live_since.HISTORY))
        withdrawn_effects.reconsider(conn, {"ana": Led(["ana/a"])})
        assert states(conn)["ana/a"] == "withdrawn"


def test_the_references_of_the_lead_do_not_matter(ana: Store) -> None:
    with ana.write() as conn:
        record_references.unlink(conn, [(CRM, "Lead", "1")])
        withdrawn_effects.reconsider(conn, {"ana": Led([])})
        assert set(states(conn).values()) == {"withdrawn"}
