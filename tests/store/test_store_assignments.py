"""Who has which task, until when it is open, and whose turn comes next; erasure and merging know of it."""

from integration.store.assigning import absences, assigned_tasks, pool_credit
from integration.store.assigning.assigned_tasks import AssignedTask
from integration.store.db.session import Store
from integration.store.events import decided_effects
from integration.store.events.decided_effects import EffectRow
from integration.store.outgoing import outbox, pointless_tasks
from integration.store.outgoing.outbox import NewOnce
from integration.store.overall import erasure, merging
from integration.store.people import leads
from integration.store.people.leads import NewLead
from mappings.values import person_names

T = 1_700_000_000_000_000
ANA, BO = "ana@acme.example", "bo@acme.example"


def given(key: str, person: str = ANA, pool: str = "sdr", lead: str = "") -> AssignedTask:
    lead = lead or key.partition("/")[0]
    return AssignedTask(key=key, lead_id=lead, connection="crm", user=f"u-{person}", person=person, pool=pool)


def effect(key: str, kind: str = "task") -> EffectRow:
    lead = key.partition("/")[0]
    return EffectRow(key=key, lead_id=lead, kind=kind, at=T, payload={}, because=(), decided_at=T)


def test_a_task_is_open_until_it_is_closed_and_counts_for_the_day_it_was_given(store: Store) -> None:
    with store.write() as conn:
        assigned_tasks.put(conn, [given("l1/a"), given("l2/a"), given("l3/a", BO)], T)
        assigned_tasks.close(conn, ["l1/a", "unknown"], T + 5)
        assert assigned_tasks.open_counts(conn, [ANA, BO, "nobody"]) == {ANA: 1, BO: 1}
        assert {who: len(times) for who, times in assigned_tasks.given_since(conn, [ANA, BO], T).items()} == {
            ANA: 2,
            BO: 1,
        }
        assert assigned_tasks.given_since(conn, [ANA], T + 1) == {}
        assert assigned_tasks.open_by_pool(conn) == {(ANA, "sdr"): 1, (BO, "sdr"): 1}
        assert [each.key for each in assigned_tasks.open_of_leads(conn, ["l1", "l2"])["l2"]] == ["l2/a"]


def test_who_keeps_a_task_has_it_since_they_got_it_and_who_takes_it_over_since_then(store: Store) -> None:
    with store.write() as conn:
        assigned_tasks.put(conn, [given("l1/a"), given("l2/a")], T)
        assigned_tasks.put(conn, [given("l1/a"), given("l2/a", BO)], T + 9)
        assert assigned_tasks.given_since(conn, [ANA, BO], T) == {ANA: [T], BO: [T + 9]}
        assert assigned_tasks.open_counts(conn, [ANA, BO]) == {ANA: 1, BO: 1}
        assigned_tasks.close(conn, ["l1/a"], T + 10)
        assigned_tasks.put(conn, [given("l1/a")], T + 11)
        assert assigned_tasks.open_counts(conn, [ANA]) == {ANA: 1}, "what is sent again is open again"


def test_credit_and_absences_are_kept_whole(store: Store) -> None:
    with store.write() as conn:
        pool_credit.put(conn, {"sdr": {ANA: 500, BO: -500}, "emea": {ANA: 0}})
        pool_credit.put(conn, {"sdr": {ANA: -200, BO: 200}})
        assert pool_credit.of_pools(conn, ["sdr", "other"]) == {"sdr": {ANA: -200, BO: 200}}
        assert absences.reported(conn) == {}
        absences.keep(conn, {ANA: ("2026-01-01..2026-01-02",), BO: ()}, T)
        assert absences.reported(conn) == {ANA: ("2026-01-01..2026-01-02",)}


def test_what_the_crm_refuses_for_good_and_what_we_close_is_open_no_longer(store: Store) -> None:
    keys = ["l1/a", "l2/a"]
    with store.write() as conn:
        outbox.want_once(conn, "crm", "task", [NewOnce(key=key, lead_id=key[:2], payload={}) for key in keys], T)
        assigned_tasks.put(conn, [given(key) for key in keys], T)
        ids = {key: row for row, key in conn.exec_driver_sql("SELECT id, key FROM outbox").all()}
        assert outbox.still_wanted(conn, ids.values()) == set(ids.values())
        outbox.sent(conn, [(ids["l1/a"], 1, "00T1")])
        outbox.dead(conn, [(ids["l2/a"], "refused")], T + 1)
        assert assigned_tasks.open_counts(conn, [ANA]) == {ANA: 1}
        assert outbox.still_wanted(conn, ids.values()) == set()
        pointless_tasks.close(conn, ["l1"], "Answered", T + 2)
        assert assigned_tasks.open_counts(conn, [ANA]) == {}


def test_an_overdue_task_is_an_open_one_of_a_lead_with_a_breach_that_nobody_took_over(store: Store) -> None:
    keys = ["l1/a", "l2/a", "l3/a", "l4/a"]
    with store.write() as conn:
        outbox.want_once(conn, "crm", "task", [NewOnce(key=key, lead_id=key[:2], payload={"n": 1}) for key in keys], T)
        ids = {key: row for row, key in conn.exec_driver_sql("SELECT id, key FROM outbox").all()}
        outbox.sent(conn, [(ids[key], 1, f"00T{key[1]}") for key in keys])
        assigned_tasks.put(conn, [given(key) for key in keys], T)
        breaches = [effect(f"l{number}/clock/first/1/breach", "alert") for number in (1, 2, 3)]
        decided_effects.add(conn, [*breaches, effect("l2/a/again")])
        assigned_tasks.close(conn, ["l3/a"], T)
        found = assigned_tasks.overdue(conn, 9, handoff="handoff")
        assert [(each.task.key, each.payload) for each in found] == [("l1/a", {"n": 1})]
        assert assigned_tasks.overdue(conn, 9, handoff="handoff", behind=(found[0].at, "l1/a")) == []
        outbox.want_once(conn, "crm", "task", [NewOnce(key="l2/a/again", lead_id="l2", payload={})], T)
        (waiting,) = pointless_tasks.taken_over(conn, 9)
        assert waiting[1:] == ("l2/a/again", "l2")
        pointless_tasks.drop(conn, [waiting])
        assert pointless_tasks.taken_over(conn, 9) == []
        withheld = {each.key: each.withheld for each in decided_effects.history(conn, ["l2"])}
        assert withheld["l2/a/again"] == "answered"


def test_erasure_deletes_assignments_and_of_two_leads_that_become_one_the_twin_is_closed(store: Store) -> None:
    with store.write() as conn:
        people = [NewLead(id=lead, email=f"{lead}@x.example", fields={}, created_at=T) for lead in ("l1", "l2", "l3")]
        leads.add(conn, people)
        decided_effects.add(conn, [effect("l1/a"), effect("l2/a"), effect("l2/b")])
        assigned_tasks.put(conn, [given("l1/a"), given("l2/a"), given("l2/b"), given("l3/a")], T)
        tasks = [NewOnce(key=key, lead_id=key.partition("/")[0], payload={}) for key in ("l1/a", "l2/a", "l2/b")]
        outbox.want_once(conn, "crm", "task", tasks, T)
        merging.join(conn, "l2", "l1", T + 1)
        merging.settle(conn, "l2", "l1", T + 2)
        assert {each.key for each in assigned_tasks.open_of_leads(conn, ["l1", "l2"])["l1"]} == {"l1/a", "l2/b"}
        counts = erasure.remove(conn, erasure.target(conn, [person_names.of_email("l1@x.example")]), T + 3)
        assert counts["assignments"] == 3
        assert assigned_tasks.open_counts(conn, [ANA]) == {ANA: 1}
