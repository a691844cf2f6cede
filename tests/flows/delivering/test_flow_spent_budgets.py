"""What goes out once the day's calls are used up: tasks before scores, and nothing is lost."""

import pytest
from flows_crms import SYSTEMS, person, tasks
from flows_limits import allowance
from flows_run import Watch, activity, counts, dead, drain_all, receive

from connectors.base.credentials import Credential
from connectors.base.spending import BUDGET, RESERVE
from integration.flows.base.call_allowance import StoredAllowance
from integration.flows.base.service import Connection
from integration.flows.crm_calls.crm_task_words import task_words
from integration.flows.people_in_sales.user_directory import read_users
from integration.flows.upkeep.sweep import sweep
from integration.store.crm import connection_pauses
from integration.store.db.session import Store
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, SECOND, Span
from sandbox.server import Sandbox

ANA = "ana@acme.example"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connections(credentials: dict[str, Credential], store: Store, at: Watch) -> dict[str, Connection]:
    def counted(name: str, patience: Span = 0) -> StoredAllowance:
        return allowance(store, name, patience=patience, now=at, monotonic=lambda: at() / SECOND)

    return {name: build.connect(name, credential, allowance=counted(name)) for name, credential in credentials.items()}


def limit_the_day(box: Sandbox, system: str, calls: int) -> None:
    if system == "hubspot":
        box.hubspot.limits.daily = calls
    else:
        box.salesforce.gate.daily = calls


def refusals(box: Sandbox, system: str) -> int:
    log = box.hubspot.log if system == "hubspot" else box.salesforce.log
    return sum(count for status, count in log.statuses().items() if status in {403, 429})


def spent(box: Sandbox, system: str) -> int:
    return len((box.hubspot.log if system == "hubspot" else box.salesforce.log).entries())


def scores_until_the_budget_is_spent(service: Service, sandbox: Sandbox, at: Watch, system: str) -> None:
    """A day of forty calls, eight of them kept, and one person who does things until scores rest."""
    limit_the_day(sandbox, system, 40)
    person(sandbox, system, ANA)
    receive(service, activity("first", ANA, "email_click", at()))
    drain_all(service)
    read_users(service)  # as every hour
    task_words(service, service.connections[system])
    at.forward(MINUTE)
    call_until(service, sandbox, system, 32)
    receive(service, activity("second", ANA, "page_view", at(), page="pricing"))
    drain_all(service)
    assert spent(sandbox, system) == 32


def call_until(service: Service, sandbox: Sandbox, system: str, calls: int) -> None:
    """Use up the day up to that many calls."""
    while spent(sandbox, system) < calls:
        service.connections[system].connector.describe("contact" if system == "hubspot" else "Lead")


def resting(service: Service, at: Watch) -> dict[tuple[str, str], str]:
    with service.store.read() as conn:
        return {(each.name, each.kind): each.reason for each in connection_pauses.lasting(conn, at())}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_spent_budget_rests_scores_but_not_tasks_and_ends_with_the_day(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    scores_until_the_budget_is_spent(service, sandbox, at, system)
    (pause,) = resting(service, at)
    assert pause == (system, "budget")
    assert resting(service, at)[pause].startswith(BUDGET)
    assert "8 of the 40 calls" in resting(service, at)[pause]

    receive(service, activity("demo", ANA, "demo_request", at()))
    drain_all(service)
    assert tasks(sandbox, system).total() == 1, "somebody waits for the handoff"
    assert 32 < spent(sandbox, system) <= 36, "half of the reserve at most"
    assert f"deliver:{system}" not in sweep(service), "scores wait in peace"
    assert counts(service).outbox[system, "fields", "new"] >= 1
    assert dead(service) == []

    limit_the_day(sandbox, system, 100_000)  # the day has turned
    at.forward(HOUR)
    assert f"deliver:{system}" in sweep(service)
    for _ in range(3):
        drain_all(service)
        at.forward(MINUTE)
    assert (system, "fields", "new") not in counts(service).outbox
    assert refusals(sandbox, system) == 0
    assert dead(service) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_when_the_peoples_part_is_spent_too_tasks_wait_and_nothing_is_lost(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    scores_until_the_budget_is_spent(service, sandbox, at, system)
    purse = service.connections[system].connector._session.purse  # type: ignore[attr-defined]  # noqa: SLF001
    with purse.for_people():  # as a task is sent
        call_until(service, sandbox, system, 36)
    receive(service, activity("demo", ANA, "demo_request", at()))
    drain_all(service)
    assert resting(service, at)[system, "outage"].startswith(RESERVE)
    assert (spent(sandbox, system), tasks(sandbox, system).total()) == (36, 0)
    limit_the_day(sandbox, system, 100_000)
    for _ in range(3):
        at.forward(HOUR)
        drain_all(service)
    assert tasks(sandbox, system).total() == 1
    assert dead(service) == []
