"""The floors of a bench run: what this machine's disk, RQ and our own durable answers do, without what follows."""

import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer

from integration.rig.bench.bench_memory import children_of_all, descendants, state
from integration.store.db.session import Store

_WORKER = "worker"
"""What the name of each process that works a queue begins with."""
_STOP_SECONDS = 5.0
_STOPPED = frozenset({"T", "Z", ""})
_INSERT = "INSERT INTO raw (body) VALUES (?)"
_QUEUE = "coldframe-bench-floor"


def inserts_per_second(directory: Path, body: bytes, *, seconds: float) -> float:
    """Rows of one body, each its own commit that is on the disk before the next begins."""
    path = directory / "floor.db"
    with sqlite3.connect(path, isolation_level=None) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE raw (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        rows, started = 0, time.monotonic()
        while (passed := time.monotonic() - started) < seconds:
            bare.execute(_INSERT, (body,))
            rows += 1
    bare.close()
    return rows / passed


def jobs_per_second(redis_url: str, *, jobs: int, forked: bool) -> float:
    """No-op jobs that one RQ worker does, forking for each (as RQ does, and our workers) or not.

    The worker runs in a process of its own, since it takes over the signals of the one it is in.
    """
    pool = multiprocessing.get_context("spawn").Pool(1)
    try:
        seconds = pool.apply(_burst, (redis_url, jobs, forked))
    finally:
        pool.close()  # let it end by itself: it would take a signal for its worker's
        pool.join()
    return jobs / seconds


@contextmanager
def asleep(store: Store, pids: Callable[[], Mapping[str, int]]) -> Iterator[None]:
    """No worker runs meanwhile: what is sent to the service is stored and answered, and nothing follows yet.

    They are stopped, not ended, while none of them writes. Keep it shorter than a lease.
    """
    stopped: set[int] = set()
    try:
        with store.write():  # whoever writes to SQLite when it is stopped would keep the writer's turn
            children = children_of_all()
            workers = [pid for name, pid in pids().items() if name.startswith(_WORKER)]
            for each in {each for pid in workers for each in (pid, *descendants(pid, children))}:
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGSTOP)
                    stopped.add(each)
            until = time.monotonic() + _STOP_SECONDS
            while any(state(each) not in _STOPPED for each in stopped) and time.monotonic() < until:
                time.sleep(0.001)
        yield
    finally:
        for each in stopped:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)


def nothing(number: int) -> int:
    """The job: one activity's id goes in, and nothing is done."""
    return number


def _burst(redis_url: str, jobs: int, forked: bool) -> float:  # noqa: FBT001 - a pool passes positions
    redis = Redis.from_url(redis_url)
    queue = Queue(_QUEUE, connection=redis, serializer=JSONSerializer)
    for number in range(jobs):
        queue.enqueue_call(nothing, args=(number,), result_ttl=0)
    worker = (Worker if forked else SimpleWorker)([queue], connection=redis, serializer=JSONSerializer)
    started = time.monotonic()
    worker.work(burst=True, logging_level="ERROR")
    passed = time.monotonic() - started
    redis.close()
    return passed
