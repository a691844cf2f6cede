"""What joins an open task rewrites it in the CRM, once; where somebody has closed it, it becomes a task of its own."""

from dataclasses import replace

import pytest
from flows_crms import FIELDS, SYSTEMS, TASKS, person
from flows_run import Watch, activity, dead, decided, drain_all, lead, receive
from joined_tasks import ANA, HANDOFF, NAMES, RIVAL, ROI, Tasks, saw, state, with_further_reasons

from connectors.base.port import Receipt, Write
from connectors.base.task_rewrite import TaskRewrite
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.delivering.joining.join_open_tasks import ANOTHER
from integration.flows.history.find_explanation import explained
from integration.flows.intake.ingest import ingest
from integration.flows.reading import reconcile
from integration.store.assigning import carried_tasks
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE
from sandbox.salesforce.state.task_statuses import GERMAN_PRIORITIES, GERMAN_STATUSES
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault


@pytest.fixture
def running(service: Service) -> Service:
    return with_further_reasons(service)


@pytest.fixture
def handed(running: Service, sandbox: Sandbox, system: str, at: Watch) -> Tasks:
    """Somebody asked for a demo, and the task stands in the CRM."""
    person(sandbox, system, ANA)
    receive(running, activity(1, ANA, "demo_request", at()))
    drain_all(running)
    tasks = Tasks(sandbox, system)
    assert set(tasks.all()) == {HANDOFF}
    at.forward(MINUTE)
    return tasks


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_further_reason_rewrites_the_open_task_on_top_due_earlier_and_more_urgent(
    running: Service, handed: Tasks, at: Watch
) -> None:
    before = handed.read(HANDOFF)
    saw(running, 2, "roi")
    assert set(handed.all()) == {HANDOFF}, "no second task"
    subject, body, due, priority, status = handed.read(HANDOFF)
    assert subject == "ROI: Ana"
    assert body.index("Why now: Saw roi") < body.index("Also: Asked for a demo")
    assert "Offer the numbers of a peer" in body
    assert (due <= before[2], priority.casefold(), status) == (True, "high", before[4])
    effect = next(each for each in decided(running, ANA, "task") if each.payload["play"] == "roi")
    assert effect.payload["joins"] == f"{lead(running, ANA).id}/{HANDOFF}"
    at.forward(HOUR)
    saw(running, 3, "comparison")
    assert handed.read(HANDOFF)[0] == "A rival is compared: Ana"
    assert handed.read(HANDOFF)[1].count("Also: ") == 2
    assert handed.read(HANDOFF)[2:] == [due, priority, status], "due earlier and urgent as before"
    assert [state(running, each) for each in (HANDOFF, ROI, RIVAL)] == ["sent"] * 3
    assert dead(running) == []


def links(task: list[str]) -> list[str]:
    """The lines of a task that lead to records."""
    return [line for line in task[1].splitlines() if line.startswith(("Person in ", "Company in "))]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_rewritten_task_leads_to_the_record_and_to_the_pages_as_a_new_one_does(
    running: Service, handed: Tasks, system: str, at: Watch
) -> None:
    before = links(handed.read(HANDOFF))
    assert before, "a new task has them"
    priced = activity(2, ANA, "page_view", at(), page="pricing", url="https://www.acme.example/pricing?utm=1")
    receive(running, priced, activity(3, ANA, "page_view", at() + 1, page="comparison"))
    at.forward(MINUTE)
    drain_all(running)
    assert handed.read(HANDOFF)[0] == "A rival is compared: Ana"
    assert links(handed.read(HANDOFF)) == before
    _, values = handed.all()[HANDOFF]
    raw = str(values[NAMES[system][1]])
    assert "https://acme.example/pricing" in raw
    if system == "hubspot":
        addresses = [line.partition(": ")[2] for line in before]
        wanted = ["https://acme.example/pricing", *addresses]
        assert [each for each in wanted if f'<a href="{each}">' not in raw] == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_of_a_lead_that_is_not_decided_under_these_rules_yet_is_ours_still_and_leads_to_the_record(
    running: Service, handed: Tasks, at: Watch, system: str
) -> None:
    before = links(handed.read(HANDOFF))
    pages = (2, "roi"), (3, "comparison")
    for number, page in pages:
        receive(running, activity(number, ANA, "page_view", at(), page=page))
        ingest(running)
        advance(running)
        with running.store.write() as conn:  # as right after a publication
            conn.exec_driver_sql("UPDATE leads SET version = 0")
        deliver(running, system)
        at.forward(MINUTE)
    body = handed.read(HANDOFF)[1]
    assert links(handed.read(HANDOFF)) == before
    assert body.count("Send the comparison") == 1, "no text of ours was taken for somebody's own"


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_not_delivered_yet_says_both_from_the_first(
    running: Service, sandbox: Sandbox, system: str, at: Watch
) -> None:
    person(sandbox, system, ANA)
    receive(running, activity(1, ANA, "demo_request", at()), activity(2, ANA, "page_view", at() + 1, page="roi"))
    at.forward(MINUTE)
    drain_all(running)
    tasks = Tasks(sandbox, system)
    assert set(tasks.all()) == {HANDOFF}
    subject, body, *_ = tasks.read(HANDOFF)
    assert subject == "ROI: Ana"
    assert body.count("Also: ") == 1
    assert state(running, ROI) == "sent"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_that_sales_has_closed_meanwhile_stays_closed_and_the_further_reason_is_a_task(
    running: Service, handed: Tasks, at: Watch
) -> None:
    handed.close(HANDOFF)
    before = handed.read(HANDOFF)
    receive(running, activity(2, ANA, "page_view", at(), page="roi"))
    drain_all(running)
    assert set(handed.all()) == {HANDOFF, ROI}
    assert handed.read(HANDOFF) == before
    assert handed.read(ROI)[0] == "ROI: Ana"
    at.forward(HOUR)
    saw(running, 3, "comparison")
    assert set(handed.all()) == {HANDOFF, ROI}, "the third joins what stands instead"
    assert handed.read(ROI)[0] == "A rival is compared: Ana"


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_that_is_closed_while_it_is_rewritten_is_left_and_the_reason_is_not_lost(
    running: Service, handed: Tasks, system: str
) -> None:
    connection = running.connections[system]
    apply = connection.connector.apply

    def closing(writes: list[Write]) -> list[Receipt]:
        receipts = list(apply(writes))
        if any(isinstance(each, TaskRewrite) for each in writes):
            handed.close(HANDOFF)
        return receipts

    connection.connector.apply = closing  # type: ignore[method-assign,assignment]
    saw(running, 2, "roi")
    assert set(handed.all()) == {HANDOFF, ROI}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_task_that_was_deleted_makes_the_further_reason_a_task(
    running: Service, handed: Tasks, sandbox: Sandbox, system: str
) -> None:
    number, _ = handed.all()[HANDOFF]
    if system == "salesforce":
        sandbox.salesforce.delete("Task", number)
    else:
        sandbox.hubspot.delete("tasks", number)
    saw(running, 2, "roi")
    assert ROI in handed.all()
    assert dead(running) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_a_person_wrote_into_the_task_stays_below_the_new_reason(running: Service, handed: Tasks) -> None:
    handed.put(HANDOFF, 1, "Spoke to her assistant, call after two")
    saw(running, 2, "roi")
    body = handed.read(HANDOFF)[1]
    assert body.startswith("ROI: Ana")
    assert body.endswith("Spoke to her assistant, call after two")


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_lost_reply_rewrites_once_more_and_makes_no_second_task(
    running: Service, handed: Tasks, sandbox: Sandbox, system: str, at: Watch
) -> None:
    where = FIELDS[system] if system == "salesforce" else {**TASKS[system], "path": "*/tasks/batch/update"}
    sandbox.faults.add(Fault(kind="apply_then_drop", times=1, **where))  # type: ignore[arg-type]
    saw(running, 2, "roi")
    for _ in range(3):
        at.forward(10 * MINUTE)
        drain_all(running)
    assert set(handed.all()) == {HANDOFF}
    assert handed.read(HANDOFF)[1].count("Offer the numbers") == 1
    assert state(running, ROI) == "sent"


@pytest.mark.parametrize("system", SYSTEMS)
def test_in_shadow_nothing_is_rewritten(running: Service, handed: Tasks) -> None:
    before = handed.read(HANDOFF)
    saw(replace(running, going_live=replace(running.going_live, shadow=True)), 2, "roi")
    assert handed.read(HANDOFF) == before
    saw(running, 3, "blog")
    assert handed.read(HANDOFF)[0] == "ROI: Ana"


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_date_that_somebody_set_earlier_stays(running: Service, handed: Tasks, system: str) -> None:
    early = "2026-01-01" if system == "salesforce" else "2026-01-01T08:00:00Z"
    handed.put(HANDOFF, 2, early)
    set_ = handed.read(HANDOFF)[2]
    saw(running, 2, "roi")
    assert handed.read(HANDOFF)[::2][:2] == ["ROI: Ana", set_]


@pytest.mark.parametrize("system", SYSTEMS)
def test_closing_the_shared_task_closes_what_had_joined_it(
    running: Service, handed: Tasks, system: str, at: Watch
) -> None:
    saw(running, 2, "roi")
    handed.close(HANDOFF)
    at.forward(8 * DAY)
    reconcile.poll(running, system)
    drain_all(running)
    before = handed.read(HANDOFF)
    saw(running, 3, "roi")
    assert set(handed.all()) - {"clock/first_contact/1/escalation"} == {HANDOFF, "play/roi/2/task/1"}
    assert handed.read(HANDOFF) == before


@pytest.mark.parametrize("system", SYSTEMS)
def test_whoever_has_left_gets_no_further_reason(
    running: Service, handed: Tasks, sandbox: Sandbox, system: str, at: Watch
) -> None:
    before, (_, values) = handed.read(HANDOFF), handed.all()[HANDOFF]
    if system == "salesforce":
        sandbox.salesforce.deactivate(str(values["OwnerId"]))
    else:
        sandbox.hubspot.archive_owner(str(values["hubspot_owner_id"]))
    at.forward(2 * HOUR)
    saw(running, 2, "roi")
    assert handed.read(HANDOFF) == before
    with running.store.read() as conn:
        (joined,) = carried_tasks.joined(conn, [f"{lead(running, ANA).id}/{ROI}"]).values()
    assert joined.why_apart == ANOTHER


@pytest.mark.parametrize("system", SYSTEMS)
def test_explain_says_what_carries_a_further_reason_out(running: Service, handed: Tasks) -> None:
    saw(running, 2, "roi")
    _, told = explained(running.store, running.rules.compiled, ANA, running.now()) or pytest.fail("nobody")
    (roi,) = (each for each in told.done if each.key.endswith(ROI))
    assert roi.fate == "carried out by the task that it joins"
    assert roi.because[1] == "joins the call of 6 January 2026: rewritten, due earlier"
    assert roi.assigned.endswith("(has the open task that it joins)")
    assert set(handed.all()) == {HANDOFF}


def test_in_an_org_with_words_of_its_own_a_task_is_rewritten_in_them_and_known_to_be_closed(
    running: Service, sandbox: Sandbox, at: Watch
) -> None:
    sandbox.salesforce.set_task_words(GERMAN_STATUSES, GERMAN_PRIORITIES)
    person(sandbox, "salesforce", ANA)
    saw(running, 1, "comparison")
    tasks = Tasks(sandbox, "salesforce")
    assert tasks.read(RIVAL)[3:] == ["Normal", "Nicht begonnen"]
    at.forward(MINUTE)
    saw(running, 2, "roi")
    assert tasks.read(RIVAL)[0] == "ROI: Ana"
    assert tasks.read(RIVAL)[3:] == ["Hoch", "Nicht begonnen"]
    tasks.put(RIVAL, 4, "Abgeschlossen")
    at.forward(MINUTE)
    receive(running, activity(3, ANA, "demo_request", at()))
    drain_all(running)
    assert set(tasks.all()) == {RIVAL, HANDOFF}, "what is closed is not rewritten"
