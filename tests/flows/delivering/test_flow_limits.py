"""Calls are counted by all workers of a connection together: within the window, and within the day's budget."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import flows_caller
import pytest
from flows_limits import allowance, hubspot
from flows_senders import programs

from connectors.base.credentials import Credential
from connectors.base.port import FieldWrite, Unavailable, Verdict
from connectors.base.spending import BUDGET, WINDOW
from connectors.hubspot.connector import HubSpotConnector
from connectors.salesforce.connector import SalesforceConnector
from integration.flows.base.call_allowance import StoredAllowance
from integration.settings.environment import load
from integration.store.crm import call_usage
from integration.store.db.session import Store
from integration.store.overall import store_figures
from integration.store.overall.store_figures import Numbers
from integration.web.metrics import Metrics
from integration.wiring import build, clock
from mappings.values.instant import HOUR, MINUTE, SECOND
from sandbox.server import Sandbox

INSTANCE = "https://sandbox.my.salesforce.com"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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
    assert (tally.usage.daily_remaining or 0) - tally.since == 650_000 - 48


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
