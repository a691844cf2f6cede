"""The floors of a bench run: what this machine's disk and RQ do by themselves, without our work."""

import multiprocessing
import sqlite3
import time
from pathlib import Path

from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer

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
