"""Calls are counted by all workers of a connection together: within the window, and within the day's budget."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import flows_caller
import pytest
from flows_crms import SYSTEMS, person, tasks
from flows_run import Watch, activity, counts, dead, drain_all, receive
from flows_senders import programs

from connectors import vendors
from connectors.base.credentials import Credential
from connectors.base.port import FieldWrite, Unavailable, Verdict
from connectors.base.spending import BUDGET, RESERVE, WINDOW
from connectors.hubspot.connector import HubSpotConnector
from connectors.salesforce.connector import SalesforceConnector
from integration.flows.base.call_allowance import StoredAllowance
from integration.flows.base.service import Connection
from integration.flows.crm_calls.crm_task_words import task_words
from integration.flows.people_in_sales.user_directory import read_users
from integration.flows.upkeep.sweep import sweep
from integration.settings.environment import load
from integration.store.crm import call_usage, connection_pauses
from integration.store.db.session import Store
from integration.store.overall import store_figures
from integration.store.overall.store_figures import Numbers
from integration.web.metrics import Metrics
from integration.wiring import build, clock
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE, SECOND, Span
from sandbox.server import Sandbox

INSTANCE = "https://sandbox.my.salesforce.com"
ANA = "ana@acme.example"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def allowance(store: Store, connection: str = "hubspot", **more: object) -> StoredAllowance:
    given: dict[str, object] = {"reserve": 0.2, "patience": 30 * SECOND, "sleep": time.sleep}
    given |= {"monotonic": clock.monotonic, "pacing": vendors.vendor(connection).pacing}
    return StoredAllowance(store=store, connection=connection, **(given | more))  # type: ignore[arg-type]


def hubspot(box: Sandbox, given: StoredAllowance) -> HubSpotConnector:
    return HubSpotConnector(Credential(token="t", api_url=f"{box.url}/hubspot"), allowance=given)


def salesforce(box: Sandbox, given: StoredAllowance) -> SalesforceConnector:
    credential = Credential(token="t", api_url=f"{box.url}/salesforce", instance_url=INSTANCE)
    return SalesforceConnector(credential, allowance=given)


def together(workers: int, work: Callable[[int], None]) -> None:
    """The same work in several threads, each with a connector and an allowance of its own, as processes have."""
    failed: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 -- told below, in the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def most_within(box: Sandbox, milliseconds: int, path: str = "") -> int:
    """The most calls that HubSpot saw within any such span."""
    at = [entry.at for entry in box.hubspot.log.entries(path=path)]
    return max(sum(start <= other < start + milliseconds for other in at) for start in at)


def test_four_workers_on_one_connection_are_never_refused(store: Store) -> None:
    with Sandbox() as box:
        box.hubspot.limits.ten_secondly, box.hubspot.limits.window = 20, 2_000
        ids = [box.hubspot.add("contacts", {"email": f"p{number}@acme.example"}) for number in range(4)]

        def work(number: int) -> None:
            crm = hubspot(box, allowance(store))
            for _ in range(15):
                assert [record.id for record in crm.read("contact", [ids[number]], ["email"])] == [ids[number]]
            crm.close()

        together(4, work)
        assert box.hubspot.log.statuses() == {200: 60}
        assert most_within(box, 2_000) <= 20


def test_four_processes_on_one_connection_are_never_refused(store: Store, store_url: str, tmp_path: Path) -> None:
    with Sandbox() as box, programs(tmp_path) as start:
        box.hubspot.limits.ten_secondly, box.hubspot.limits.window = 20, 2_000
        ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
        wish = json.dumps({"store": store_url, "sandbox": box.url, "contact": ana, "calls": 12})
        running = [start([flows_caller.__file__, wish]) for _ in range(4)]
        assert [program.wait(120) for program in running] == [0] * 4
        assert [program.text() for program in running] == ["12\n"] * 4
        assert box.hubspot.log.statuses() == {200: 48}
        assert most_within(box, 2_000) <= 20
    with store.read() as conn:
        tally = call_usage.get(conn, "hubspot")
    assert (tally.usage.daily_remaining, tally.since) == (650_000 - 48, 0)


def test_without_sharing_the_same_four_workers_are_refused() -> None:
    with Sandbox() as box:
        box.hubspot.limits.ten_secondly, box.hubspot.limits.window = 20, 2_000

        def work(_number: int) -> None:
            crm = HubSpotConnector(Credential(token="t", api_url=f"{box.url}/hubspot"))
            for _ in range(15):
                try:
                    crm.read("contact", ["101"], ["email"])
                except Unavailable as away:
                    assert away.receipt.verdict is Verdict.PAUSE  # noqa: PT017 -- some are refused, some are not
            crm.close()

        together(4, work)
        assert box.hubspot.log.statuses()[429] > 0


def test_all_workers_together_search_five_times_a_second_at_most(store: Store) -> None:
    with Sandbox() as box:

        def work(_number: int) -> None:
            crm = hubspot(box, allowance(store))
            for _ in range(4):
                crm.changes("contact", ["email"], since=0)
            crm.close()

        together(3, work)
        assert box.hubspot.log.statuses() == {200: 12}
        assert most_within(box, 1_000, path="/search") <= 5


def test_the_day_stops_where_the_reserve_begins_and_every_worker_knows(store: Store) -> None:
    with Sandbox() as box:
        box.hubspot.limits.daily = 50
        ana = box.hubspot.add("contacts", {"email": "ana@acme.example"})
        write = FieldWrite(key="k", object="contact", id=ana, fields={"coldframe_fit": "1"})

        def work(_number: int) -> None:
            crm = hubspot(box, allowance(store))
            for _ in range(45):
                (receipt,) = crm.apply([write])
                if receipt.verdict is not Verdict.DONE:
                    assert (receipt.verdict, receipt.code) == (Verdict.PAUSE, BUDGET)
                    assert receipt.retry_after is not None
                    assert 59 * MINUTE < receipt.retry_after <= HOUR
                    break
            crm.close()

        together(1, work)
        assert box.hubspot.log.statuses() == {200: 40}
        together(3, work)
        assert box.hubspot.log.statuses() == {200: 40}, "nobody called again"


def test_salesforces_day_is_kept_the_same_way(store: Store) -> None:
    with Sandbox() as box:
        box.salesforce.gate.daily = 50
        lead = box.salesforce.add("Lead", {"LastName": "Silva", "Company": "Acme", "Email": "ana@acme.example"})
        crm = salesforce(box, allowance(store, "salesforce"))
        write = FieldWrite(key="k", object="Lead", id=lead, fields={"Coldframe_Fit__c": 1})
        receipts = [crm.apply([write])[0] for _ in range(45)]
        crm.close()
        assert [receipt.verdict for receipt in receipts] == [Verdict.DONE] * 40 + [Verdict.PAUSE] * 5
        assert "10 of the 50 calls that salesforce allows a day are left" in receipts[-1].message
        assert len(box.salesforce.log.entries()) == 40


def test_a_window_that_takes_too_long_lets_the_lane_rest_instead_of_holding_it(store: Store) -> None:
    with Sandbox() as box:
        box.hubspot.limits.ten_secondly = 2
        crm = hubspot(box, allowance(store, patience=SECOND))
        crm.read("contact", ["101"], ["email"])
        crm.read("contact", ["101"], ["email"])
        with pytest.raises(Unavailable) as caught:
            crm.read("contact", ["101"], ["email"])
        crm.close()
        receipt = caught.value.receipt
        assert (receipt.verdict, receipt.code) == (Verdict.PAUSE, WINDOW)
        assert receipt.retry_after is not None
        assert SECOND < receipt.retry_after <= 13 * SECOND
        assert sum(box.hubspot.log.statuses().values()) == 2


def test_a_block_is_one_transaction_and_what_was_told_goes_along(store: Store) -> None:
    with Sandbox() as box:
        mine = allowance(store)
        crm = hubspot(box, mine)
        for _ in range(10):
            crm.read("contact", ["101"], ["email"])
        crm.close()
        with store.write() as conn:
            mine.settle(conn)
        with store.read() as conn:
            tally = call_usage.get(conn, "hubspot")
        assert len(tally.blocks) <= 4, "one call to learn the limits, then blocks of nine; each lasts a second"
        assert tally.usage.daily_remaining == 650_000 - 10
        assert tally.since == 0


def test_where_the_store_does_not_answer_calls_go_on(store_url: str, database: str) -> None:
    if database == "postgresql":
        return  # its writers wait for one another alike
    mine, other = Store.open(store_url), Store.open(store_url)
    with other.write():
        assert allowance(mine).spend("", people=False) is None
    mine.dispose()
    other.dispose()


def test_metrics_tell_the_calls_that_are_left_today(store: Store) -> None:
    with Sandbox() as box:
        box.hubspot.limits.daily = 1_000
        mine = allowance(store)
        crm = hubspot(box, mine)
        for _ in range(3):
            crm.read("contact", ["101"], ["email"])
        crm.close()

    def counted() -> Numbers:
        with store.read() as conn:
            return store_figures.counts(conn)

    with store.write() as conn:
        mine.settle(conn)
    text = Metrics(counted, clock.now).render().decode()
    assert 'coldframe_crm_calls_remaining{connection="hubspot"} 997.0' in text
    assert 'coldframe_crm_calls_limit{connection="hubspot"} 1000.0' in text


def test_a_command_that_a_person_runs_counts_with_the_workers_and_may_use_the_reserve(
    store: Store, sandbox: Sandbox
) -> None:
    given = load(
        {
            "COLDFRAME_SECRET_KEY": "k" * 32,
            "HUBSPOT_ACCESS_TOKEN": "h",
            "HUBSPOT_CLIENT_SECRET": "c" * 16,
            "COLDFRAME_PUBLIC_URL": "http://127.0.0.1",
            "HUBSPOT_API_URL": f"{sandbox.url}/hubspot",
        }
    )
    (hers,) = build.connections(given, store).values()
    (ours,) = build.connections(given, store, worker=True).values()
    for each in (hers, ours):
        assert each.allowance is not None
    assert hers.allowance.reserve == 0.0 < ours.allowance.reserve
    hers.connector.count("contact")
    with store.read() as conn:
        blocks = {pool: call_usage.get(conn, "hubspot", pool).blocks for pool in ("", "search")}
    assert all(blocks.values()), "what she called is in the count of all"


# The running service


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
        return {(each.name, each.kind): each.reason for each in connection_pauses.resting(conn, at())}


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
