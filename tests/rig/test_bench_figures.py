import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from integration.rig.bench import bench_processor
from integration.rig.bench.bench_crm import ScoreCalls
from integration.rig.bench.bench_crowd import PER_DELIVERY, Crowd, Volume, bustle, clicks
from integration.rig.bench.bench_figures import Figures, Floors
from integration.rig.bench.bench_floors import asleep, inserts_per_second
from integration.rig.bench.bench_latency import Events, Latency, Way, way
from integration.rig.bench.bench_memory import MemoryWatch, children_of_all, state, together
from integration.rig.bench.bench_sender import PATH, Burst, send, signed
from integration.store.db.session import Store
from integration.wiring import clock

SECRET = "whsec_" + "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
CROWD = Crowd(("ana@h.example", "bo@h.example"), ("cy@s.example", "di@s.example"))


def pace(**changes: Any) -> Way:
    base: dict[str, Any] = {"per_second": 30.0, "events": 90, "missing": 0, "answers": Latency(p50=4.0, p99=9.0)}
    return Way(**base | {"records": Latency(p50=25.0, p99=100.0), "tasks": Latency(p50=30.0, p99=90.0)} | changes)


def figures(**changes: Any) -> Figures:
    calls = {name: ScoreCalls(batch=100, calls=20, writes=2_000, leads=2_000) for name in ("hubspot", "salesforce")}
    base: dict[str, Any] = {
        "leads": 4,
        "activities": 400,
        "refused": 0,
        "answered_per_second": 9_000.0,
        "delivered_per_second": 1_200.0,
        "single_per_second": 1_294.0,
        "answers_to_singles": Latency(p50=3.0, p99=9.0),
        "answers_under_load": Latency(p50=10.0, p99=30.0),
        "answers_at_a_tenth": Latency(p50=2.0, p99=4.0),
        "tenth_per_second": 900.0,
        "ways": {"at a tenth": pace(), "one a second": pace()},
        "changed_once": calls,
        "under_load": calls,
        "memory": {"web": 200_000_000, "worker ingest": 90_000_000, "worker ingest job": 100_000_000},
        "together": (240_000_000, 300_000_000),
        "webhooks": False,
        "floors": Floors(
            inserts_per_second=3_000.0,
            forked_jobs_per_second=60.0,
            plain_jobs_per_second=165.0,
            answers_per_second=85.0,
        ),
        "right": 4,
        "stored": 400,
        "database": "sqlite",
        "machine_load": (0.4, 1.9),
        "processor_ms": {"single events": 3.2},
    }
    return Figures(**base | changes)


def test_calls_are_compared_with_the_fewest_that_could_carry_every_changed_lead() -> None:
    assert ScoreCalls(batch=100, calls=11, writes=950, leads=950).ratio == pytest.approx(1.1)
    assert ScoreCalls(batch=100, calls=20, writes=2_000, leads=1_000).ratio == pytest.approx(2.0)
    assert ScoreCalls(batch=100, calls=20, writes=2_000, leads=1_000).filled == pytest.approx(1.0)
    assert ScoreCalls(batch=200).ratio == 0.0


def test_rates_are_compared_with_the_prototype_s() -> None:
    assert figures(delivered_per_second=25_260.0).as_json()["times_prototype"] == {"batched": 2.0, "single": 2.0}


def test_a_run_that_meets_every_target_says_so() -> None:
    assert set(figures().as_json()["targets"].values()) == {True}


@pytest.mark.parametrize(
    "changes",
    [
        {"delivered_per_second": 1_199.0},
        {"answers_under_load": Latency(p50=10.0, p99=30.1)},
        {"memory": {"worker ingest job": 150_000_000}},
        {"changed_once": {"hubspot": ScoreCalls(batch=100, calls=23, writes=2_000, leads=2_000)}},
        {"changed_once": {"hubspot": ScoreCalls(batch=100)}},
        {"under_load": dict.fromkeys(("hubspot", "salesforce"), ScoreCalls(batch=100, calls=22, writes=2_000))},
        {"single_per_second": 59.0},
        {"together": (240_000_000, 301_000_000)},
        {"together": (0, 0)},
        {"right": 3},
        {"ways": {"at a tenth": pace(records=Latency(p50=25.1, p99=100.0))}},
        {"ways": {"at a tenth": pace(records=Latency(p50=25.0, p99=100.1))}},
        {"ways": {"one a second": pace(missing=1)}},
        {"stored": 399},
        {"refused": 1, "stored": 300},
    ],
)
def test_a_missed_target_is_told(changes: dict[str, Any]) -> None:
    assert False in figures(**changes).as_json()["targets"].values()


class _Sandbox:
    """A running sandbox that has two people, and a log of calls."""

    sandbox = "http://sandbox"
    calls = (
        ("POST", "/crm/contacts/batch/update", {"inputs": [{"id": "1"}]}, 1_030),
        ("POST", "/crm/contacts/batch/update", {"inputs": [{"id": "1"}]}, 9_000),
        ("POST", "/crm/tasks/batch/create", {"inputs": [{"associations": [{"to": {"id": "1"}}]}]}, 1_050),
        ("POST", "/services/data/composite/sobjects", {"records": [{"WhoId": "00Q2"}]}, 1_080),
        ("PATCH", "/services/data/composite/sobjects", {"records": [{"id": "00Q3", "Rating": "Hot"}]}, 1_060),
    )

    def __init__(self) -> None:
        self.session = self

    def ask(self, _path: str) -> Any:
        contact = {"id": 1, "values": {"email": "ana@h.example"}}
        leads = [{"Id": "00Q2", "Email": "cy@s.example"}, {"Id": "00Q3", "Email": "di@s.example"}]
        return {"hubspot": {"contacts": [contact]}, "salesforce": {"Lead": leads}}

    def get(self, _url: str, **_more: Any) -> "_Sandbox":
        return self

    def raise_for_status(self) -> None:
        """It is well."""

    def json(self) -> Any:
        return {"log": [dict(zip(("method", "path", "body", "at"), each, strict=True)) for each in self.calls]}


def test_the_way_of_an_event_ends_with_the_first_write_of_its_record_and_with_its_task() -> None:
    emails = {"e-0": "ana@h.example", "e-1": "cy@s.example", "e-2": "di@s.example"}
    burst = Burst(taken=[0.004, 0.006], begun={"e-0": 1_000_000, "e-1": 1_010_000, "e-2": 1_020_000})
    found = way(_Sandbox(), Events([], emails, frozenset({"e-0", "e-1"})), burst, 1.0)  # type: ignore[arg-type]
    assert found.records == Latency(p50=40.0, p99=40.0)
    assert found.tasks == Latency(p50=70.0, p99=70.0)
    assert found.missing == 1, "one record was never written"
    assert found.times == (40.0 / found.answers.p50, 40.0 / found.answers.p50)


def test_percentiles_are_those_of_the_answers() -> None:
    burst = Burst(taken=[n / 1_000 for n in range(100, 0, -1)])
    assert Latency.of(burst) == Latency(p50=51.0, p99=100.0)
    assert Burst().percentile(0.99) == 0.0


def test_everybody_clicks_once_and_bustle_is_the_same_every_time() -> None:
    signer = Webhook(SECRET)
    (parcel,) = clicks(signer, CROWD, name="once", at=0)
    assert all(parcel.body.count(email.encode()) == 2 for email in CROWD.everybody)  # in the id and as the address
    first, again = (bustle(signer, CROWD, Volume(2), name="full", at=0) for _ in range(2))
    assert [each.body for each in first] == [each.body for each in again]
    assert [each.body.count(b'"id"') for each in first] == [PER_DELIVERY, PER_DELIVERY]


def test_a_delivery_is_signed_as_the_service_wants_it() -> None:
    parcel = signed(Webhook(SECRET), [{"id": "1"}], delivery="d1")
    assert Webhook(SECRET).verify(parcel.body, dict(parcel.headers)) == {"activities": [{"id": "1"}]}


class _Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        status = 202 if self.path == PATH and self.headers["webhook-id"] != "bad" else 401
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Nobody wants to read it."""


@pytest.fixture
def door() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Door) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_every_parcel_is_sent_once_and_refusals_are_counted_apart(door: str) -> None:
    parcels = [signed(Webhook(SECRET), [{}, {}], delivery="bad" if n == 7 else f"d{n}") for n in range(40)]
    before = clock.now()
    burst = send(door, parcels, lines=3)
    assert set(burst.begun) == {f"d{n}" for n in range(40) if n != 7}
    assert all(before <= begun <= clock.now() for begun in burst.begun.values())
    assert len(burst.taken) == 39
    assert burst.activities == 39 * 2
    assert burst.refused == [401]


def test_a_paced_burst_keeps_its_pace(door: str) -> None:
    burst = send(door, [signed(Webhook(SECRET), [], delivery=f"d{n}") for n in range(10)], lines=2, every=0.02)
    assert burst.seconds >= 9 * 0.02


def test_the_floor_of_inserts_is_a_rate(tmp_path: Path) -> None:
    assert inserts_per_second(tmp_path, b"{}", seconds=0.05) > 0


def test_memory_is_the_peak_of_a_process_and_of_its_children() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"]) as child,
        MemoryWatch(lambda: {"worker": os.getpid()}) as watch,
    ):
        deadline = time.monotonic() + 10
        while "worker job" not in watch.peaks and time.monotonic() < deadline:
            time.sleep(0.05)
        child.kill()
    assert watch.peaks["worker"] > 10_000_000
    assert watch.peaks["worker job"] > 1_000_000
    assert 0 < watch.together[0] <= watch.together[1]


def test_processor_time_and_memory_count_a_process_once_that_two_names_lead_to() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"]) as child:
        children = children_of_all()
        once, twice = {"workers": child.pid}, {"workers": child.pid, "worker ingest": child.pid}
        assert together(twice, children) == pytest.approx(together(once, children), rel=0.5)
        assert bench_processor.used({"a": os.getpid(), "b": os.getpid()}) < 1.5 * bench_processor.used(
            {"a": os.getpid()}
        )
        child.kill()


def test_no_worker_runs_while_answers_alone_are_measured(store: Store) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"]) as child:
        with asleep(store, lambda: {"web": os.getpid(), "worker ingest": child.pid}):
            assert state(child.pid) == "T"
        deadline = time.monotonic() + 10
        while state(child.pid) == "T" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert state(child.pid) != "T"
        child.kill()
