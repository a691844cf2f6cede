"""Tasks of leads without an owner go to pools: in turn, to nobody who is away, full or gone, and explained."""

from collections import Counter
from collections.abc import Callable

import pytest
from flows_crms import SYSTEMS, person
from flows_roles import ANA, BO, people
from flows_routing import demo, emails, kept, routed
from flows_run import Watch, dead, drain_all, history, lead
from test_flow_roles import made, owned, raised, told, waiting

from integration.flows.people_in_sales import user_directory
from integration.flows.reading import reconcile
from integration.flows.upkeep.gone_tasks import notice_gone
from integration.store.assigning import absences, assigned_tasks, pool_credit
from integration.store.audit import audit_trail
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

POOL = """\
people:
  {Nadia}: {{most_open: 3}}
  {Hanna}: {{away: ["2026-01-05..2026-01-09"]}}
pools:
  sdr: {{members: {{{Nadia}: 2, {Joaquim}: 1, {Hanna}: 5, gone@acme.example: 3, {Integration}: 9}}, manager: {Petra}}}
routes: [{{otherwise: sdr}}]
"""


@pytest.fixture
def pool(service: Service, sandbox: Sandbox) -> Service:
    return routed(service, POOL.format(**emails(sandbox)))


def unowned(sandbox: Sandbox, email: str) -> str:
    """Somebody whose lead belongs to a queue, as an assignment rule leaves it."""
    record = person(sandbox, "salesforce", email)
    queue = next((str(each["Id"]) for each in sandbox.salesforce.records("Group")), "") or sandbox.salesforce.queue(
        "In"
    )
    owned(sandbox, "salesforce", record, queue)
    return record


def look(service: Service, at: Watch) -> None:
    """Read in Salesforce what has changed, as the poll does, and do what follows."""
    at.forward(10 * MINUTE)
    reconcile.poll(service, "salesforce")
    drain_all(service)


def close_all(sandbox: Sandbox) -> None:
    for task in sandbox.salesforce.records("Task"):
        sandbox.salesforce.set("Task", str(task["Id"]), {"Status": "Completed"})


def test_a_pool_gives_tasks_in_turn_to_those_who_may_get_one_and_says_who_was_passed_over(
    pool: Service, sandbox: Sandbox, at: Watch
) -> None:
    ids = people(sandbox)
    for number in range(3):
        unowned(sandbox, f"ana{number}@acme{number}.example")
        demo(pool, at, f"ana{number}@acme{number}.example", number)
    assert Counter(made(sandbox).values()) == {ids["Nadia"]: 2, ids["Joaquim"]: 1}
    (said,) = told(pool, "ana0@acme0.example")
    assert "given to Nadia Rasmussen in salesforce (turn in pool sdr, route on line 6: otherwise)" in said
    assert "is a queue, which gets no tasks" in said
    assert "is away until 2026-01-09" in said
    assert "gone@acme.example (pool sdr) has no user in salesforce" in said
    assert "is the integration user" in said
    with pool.store.read() as conn:
        lines = [line for line in audit_trail.recent(conn, 100) if line.action == "assign"]
    assert len(lines) == 3
    assert "pool sdr" in str(lines[0].detail)


def test_nobody_gets_more_than_they_can_have_open_and_a_closed_task_makes_room(
    pool: Service, sandbox: Sandbox, at: Watch
) -> None:
    ids = people(sandbox)
    text = POOL.format(**emails(sandbox)).replace(f"{emails(sandbox)['Joaquim']}: 1, ", "")
    service = routed(pool, text.replace("most_open: 3", "most_open: 2"))
    look(service, at)
    for number in range(3):
        unowned(sandbox, f"ana{number}@acme{number}.example")
        demo(service, at, f"ana{number}@acme{number}.example", number)
    assert Counter(made(sandbox).values()) == {ids["Nadia"]: 2}
    assert waiting(service) == {"nobody_available": 1}
    assert len(raised(service)) == 1
    (said,) = told(service, "ana2@acme2.example")
    assert "has 2 of at most 2 open tasks" in said
    at.forward(HOUR)
    drain_all(service)
    assert len(raised(service)) == 2, "again every hour"
    look(service, at)
    close_all(sandbox)
    look(service, at)
    assert Counter(made(sandbox).values()) == {ids["Nadia"]: 3}
    assert waiting(service) == {}


def test_somebody_who_leaves_gets_nothing_more_and_somebody_else_has_the_turn(
    pool: Service, sandbox: Sandbox, at: Watch
) -> None:
    ids = people(sandbox)
    user_directory.read_users(pool)
    sandbox.salesforce.deactivate(ids["Nadia"])
    unowned(sandbox, ANA)
    demo(pool, at, ANA)
    assert list(made(sandbox).values()) == [ids["Joaquim"]]
    assert dead(pool) == []
    with pool.store.read() as conn:
        assert assigned_tasks.open_by_pool(conn) == {(emails(sandbox)["Joaquim"], "sdr"): 1}


def test_a_task_that_is_sent_again_takes_no_second_turn(pool: Service, sandbox: Sandbox, at: Watch) -> None:
    ids = people(sandbox)
    pool = routed(pool, POOL.format(**emails(sandbox)).replace("most_open: 3", "most_open: 1"))
    unowned(sandbox, ANA)
    sandbox.faults.add(
        Fault(kind="apply_then_drop", system="salesforce", method="PATCH", path="*/composite/sobjects/Task/*", times=1)
    )
    demo(pool, at, ANA)
    at.forward(MINUTE)
    drain_all(pool)
    with pool.store.read() as conn:
        assert assigned_tasks.open_by_pool(conn) == {(emails(sandbox)["Nadia"], "sdr"): 1}, "though she is full by it"
    unowned(sandbox, BO)
    demo(pool, at, BO, 2)
    assert sorted(made(sandbox).values()) == sorted([ids["Nadia"], ids["Joaquim"]])
    with pool.store.read() as conn:
        credit = pool_credit.of_pools(conn, ["sdr"])["sdr"]
    assert sum(credit.values()) == 0


def test_tasks_of_owners_are_nobodys_turn_but_fill_them(pool: Service, sandbox: Sandbox, at: Watch) -> None:
    ids = people(sandbox)
    for number in range(3):
        person(sandbox, "salesforce", f"own{number}@acme.example")  # Nadia's, who enters them
        demo(pool, at, f"own{number}@acme.example", number)
    assert Counter(made(sandbox).values()) == {ids["Nadia"]: 3}
    with pool.store.read() as conn:
        assert pool_credit.of_pools(conn, ["sdr"]) == {}
    unowned(sandbox, BO)
    demo(pool, at, BO, 9)
    assert Counter(made(sandbox).values()) == {ids["Nadia"]: 3, ids["Joaquim"]: 1}


def test_an_absence_reported_by_command_counts_at_once(pool: Service, sandbox: Sandbox, at: Watch) -> None:
    with pool.store.write() as conn:
        absences.keep(conn, {emails(sandbox)["Nadia"]: ("2026-01-06..2026-01-06",)}, at())
    unowned(sandbox, ANA)
    demo(pool, at, ANA)
    assert list(made(sandbox).values()) == [people(sandbox)["Joaquim"]]


def test_an_escalation_about_somebody_without_a_manager_goes_to_the_manager_of_their_pool(
    pool: Service, sandbox: Sandbox, at: Watch
) -> None:
    ids = people(sandbox)
    sandbox.salesforce.set("User", ids["Nadia"], {"ManagerId": None})
    unowned(sandbox, ANA)
    demo(pool, at, ANA)
    at.forward(2 * DAY)
    drain_all(pool)
    (key,) = [key for key in made(sandbox) if key.endswith("escalation")]
    assert made(sandbox)[key] == ids["Petra"]
    assert any("manager of pool sdr" in each.because for each in kept(pool))


def test_the_manager_whom_routing_names_goes_before_the_crms(pool: Service, sandbox: Sandbox, at: Watch) -> None:
    mails = emails(sandbox)
    service = routed(pool, f"people: {{{mails['Nadia']}: {{manager: {mails['Joaquim']}}}}}\n")
    person(sandbox, "salesforce", ANA)
    demo(service, at, ANA)
    at.forward(2 * DAY)
    drain_all(service)
    (key,) = [key for key in made(sandbox) if key.endswith("escalation")]
    assert made(sandbox)[key] == people(sandbox)["Joaquim"]


def test_a_route_by_condition_leads_to_its_pool_and_a_lead_of_none_waits(
    pool: Service, sandbox: Sandbox, at: Watch
) -> None:
    mails = emails(sandbox)
    service = routed(
        pool,
        f"pools: {{big: {{members: [{mails['Joaquim']}]}}}}\n"
        "routes: [{if: employees >= 100 and stage = mql, pool: big}]\n",
    )
    unowned(sandbox, ANA)
    demo(service, at, ANA)
    assert list(made(sandbox).values()) == [people(sandbox)["Joaquim"]]
    assert "route on line 2: employees >= 100 and stage = mql" in told(service, ANA)[0]
    none = routed(
        service, f"pools: {{big: {{members: [{mails['Joaquim']}]}}}}\nroutes: [{{if: employees >= 9000, pool: big}}]\n"
    )
    unowned(sandbox, BO)
    demo(none, at, BO, 2)
    assert waiting(none) == {"no_route": 1}


def test_further_tasks_about_a_lead_go_to_whoever_has_it(pool: Service, sandbox: Sandbox, at: Watch) -> None:
    unowned(sandbox, ANA)
    demo(pool, at, ANA)
    at.forward(15 * DAY)
    demo(pool, at, ANA, 2)
    owners = [owner for key, owner in made(sandbox).items() if not key.endswith("escalation")]
    assert len(owners) > 1
    assert set(owners) == {people(sandbox)["Nadia"]}
    assert any("has an open task about the lead" in each for each in told(pool, ANA))


@pytest.mark.parametrize("again", ["", "again: same_person\n"])
def test_a_lead_that_comes_back_goes_to_who_had_it_where_routing_says_so(
    pool: Service, sandbox: Sandbox, at: Watch, again: str
) -> None:
    service = routed(pool, POOL.format(**emails(sandbox)) + again)
    look(service, at)
    unowned(sandbox, ANA)
    demo(service, at, ANA)
    look(service, at)
    close_all(sandbox)
    look(service, at)
    at.forward(DAY)
    demo(service, at, ANA, 2)
    owners = [owner for key, owner in made(sandbox).items() if not key.endswith("escalation")]
    assert len(owners) == 2
    assert len(set(owners)) == (1 if again else 2)


def test_a_task_that_the_crm_refuses_for_good_is_open_no_longer(pool: Service, sandbox: Sandbox, at: Watch) -> None:
    unowned(sandbox, ANA)
    sandbox.faults.add(
        Fault(
            kind="status",
            system="salesforce",
            method="PATCH",
            path="*/composite/sobjects/Task/*",
            status=400,
            code="FIELD_CUSTOM_VALIDATION_EXCEPTION",
            times=5,
        )
    )
    demo(pool, at, ANA)
    assert len(dead(pool)) == 1
    with pool.store.read() as conn:
        assert assigned_tasks.open_by_pool(conn) == {}
    assert waiting(pool) == {}


def test_without_a_routing_nothing_waits_for_others(
    service: Service, sandbox: Sandbox, asked: Callable[..., None]
) -> None:
    person(sandbox, "salesforce", ANA)
    asked()
    with service.store.read() as conn:
        assert assigned_tasks.open_by_pool(conn) == {(emails(sandbox)["Nadia"], ""): 1}


def test_nobody_gets_more_in_a_day_than_they_take_and_the_next_day_begins_anew(
    pool: Service, sandbox: Sandbox, at: Watch
) -> None:
    ids = people(sandbox)
    service = routed(pool, POOL.format(**emails(sandbox)).replace("most_open: 3", "most_per_day: 1"))
    for number in range(3):
        unowned(sandbox, f"ana{number}@acme{number}.example")
        demo(service, at, f"ana{number}@acme{number}.example", number)
    assert Counter(made(sandbox).values()) == {ids["Nadia"]: 1, ids["Joaquim"]: 2}
    assert "was given 1 of at most 1 tasks today" in told(service, "ana2@acme2.example")[0]
    at.forward(DAY)
    for number in (8, 9):
        unowned(sandbox, f"bo{number}@blue{number}.example")
        demo(service, at, f"bo{number}@blue{number}.example", number)
    handed = [owner for key, owner in made(sandbox).items() if key.endswith("/play/handoff/1/task/1")]
    assert Counter(handed) == {ids["Nadia"]: 2, ids["Joaquim"]: 3}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_that_somebody_deletes_in_the_crm_is_open_no_longer(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    reconcile.poll(service, system)
    at.forward(MINUTE)
    person(sandbox, system, ANA)
    demo(service, at, ANA)
    at.forward(2 * HOUR)
    assert notice_gone(service) == 0, "it stands"
    delete_task(sandbox, system)
    assert notice_gone(service) == (system == "hubspot"), "which says nothing of deleted tasks by itself"
    assert notice_gone(service) == 0
    reconcile.poll(service, system)
    drain_all(service)
    (closed,) = [each for each in history(service, ANA) if each.type == "task_closed"]
    assert closed.properties == {"task": "play/handoff/1/task/1"}
    with service.store.read() as conn:
        assert assigned_tasks.open_of_leads(conn, [lead(service, ANA).id]) == {}


def delete_task(sandbox: Sandbox, system: str) -> None:
    if system == "hubspot":
        (task,) = sandbox.hubspot.records("tasks")
        sandbox.hubspot.delete("tasks", task.id)
    else:
        (there,) = sandbox.salesforce.records("Task")
        sandbox.salesforce.delete("Task", str(there["Id"]))
