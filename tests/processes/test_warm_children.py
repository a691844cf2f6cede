"""The child that runs a worker's jobs stays for the next ones: no fork for each, and it ends when it is to."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from flows_senders import Program, programs, until
from pydantic import SecretStr
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from web_process import delivery

from integration.processes.supervisor import children
from integration.store.db.session import Store
from integration.store.overall import store_figures
from integration.store.queues import inbox
from integration.wiring import clock
from integration.wiring.wake_ups import JOB, Wakeups


@pytest.fixture
def store(empty_store: Path, tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{shutil.copy(empty_store, tmp_path / 'coldframe.db')}")
    yield opened
    opened.dispose()


@contextmanager
def working(folder: Path, store: Store, redis_url: str) -> Iterator[Program]:
    """A worker of the queue `ingest`."""
    variables = {
        "COLDFRAME_SECRET_KEY": "k" * 32,
        "COLDFRAME_DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{store.url.database}",
        "REDIS_URL": redis_url,
    }
    with programs(folder) as start:
        yield start(["-m", "integration", "worker", "ingest"], **variables)


def read(store: Store, redis_url: str, number: int) -> None:
    """Deliver once more, wake the lane once, and wait until it has been read."""
    with store.write() as conn:
        inbox.add(conn, [("activities", {}, delivery(f"a{number}"), clock.now())])
    with closing(Wakeups(SecretStr(redis_url), clock.monotonic)) as wakeups:
        wakeups.wake("ingest")

    def done() -> bool:
        with store.read() as conn:
            return store_figures.counts(conn).inbox["done"] == number

    until(done, f"delivery {number} is read")


def test_the_jobs_of_a_queue_run_in_one_child_and_one_that_fails_there_is_rqs(
    store: Store, valkey: Redis, redis_url: str, tmp_path: Path
) -> None:
    with working(tmp_path, store, redis_url) as worker:
        read(store, redis_url, 1)
        (child,) = children(worker.pid)
        read(store, redis_url, 2)
        queue = Queue("ingest", connection=valkey, serializer=JSONSerializer)
        sweep = queue.enqueue_call("integration.processes.jobs.sweep", timeout=60, result_ttl=0)
        until(lambda: not valkey.exists(sweep.key), "a periodic job is done")
        read(store, redis_url, 3)
        assert children(worker.pid) == [child]
        assert not [key for key in valkey.scan_iter("rq:job:*") if valkey.ttl(key) == -1]
        queue.enqueue_call(JOB, args=("deliver:ingest",), result_ttl=0, failure_ttl=60)
        until(lambda: valkey.zcard("rq:failed:ingest") == 1, "RQ knows that it failed")
        read(store, redis_url, 4)
        assert children(worker.pid) != [child], "it ran once more by itself"


@pytest.mark.usefixtures("valkey")
def test_a_child_that_waits_ends_with_its_worker(store: Store, redis_url: str, tmp_path: Path) -> None:
    with working(tmp_path, store, redis_url) as worker:
        read(store, redis_url, 1)
        (child,) = children(worker.pid)
        os.kill(worker.pid, signal.SIGTERM)
        assert worker.process.wait(8) == 0
        until(lambda: not Path(f"/proc/{child}").exists(), "it has ended")


@pytest.mark.usefixtures("valkey")
def test_a_child_of_a_worker_that_was_killed_takes_no_further_jobs(
    store: Store, redis_url: str, tmp_path: Path
) -> None:
    with working(tmp_path, store, redis_url) as worker:
        read(store, redis_url, 1)
        (child,) = children(worker.pid)
        os.kill(worker.pid, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{child}").exists(), "it has ended", 20)
