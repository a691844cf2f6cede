"""Wake-ups over a real Valkey: coalesced, in the right queue, and never in anybody's way."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import webhooks_senders as senders
from pydantic import SecretStr
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from integration.settings.environment import Settings
from integration.store.db.session import Store
from integration.web.app import INTAKE, create_app
from integration.wiring.clock import monotonic
from integration.wiring.wake_ups import BackgroundWakeUps, Wakeups, connect, queue_of, queue_problems


@pytest.fixture
def wakeups(redis_url: str) -> Iterator[Wakeups]:
    opened = Wakeups(SecretStr(redis_url), monotonic)
    yield opened
    opened.close()


@pytest.fixture
def nowhere() -> SecretStr:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    return SecretStr(f"redis://127.0.0.1:{port}/0")


def jobs(valkey: Redis, name: str) -> list[Job]:
    queue = Queue(name, connection=valkey, serializer=JSONSerializer)
    return [Job.fetch(id_, connection=valkey, serializer=JSONSerializer) for id_ in queue.job_ids]


def test_a_wake_up_queues_one_job_that_says_the_lane_and_nothing_else(wakeups: Wakeups, valkey: Redis) -> None:
    wakeups.wake("ingest")
    (job,) = jobs(valkey, "ingest")
    assert (job.func_name, list(job.args), job.kwargs) == ("integration.processes.jobs.run", ["ingest"], {})
    assert job.retries_left == 3
    assert b"pickle" not in job.data
    assert job.data.startswith(b"[")


def test_a_thousand_wake_ups_are_one_job_until_it_begins(wakeups: Wakeups, valkey: Redis) -> None:
    for _ in range(1_000):
        wakeups.wake("ingest")
    assert len(jobs(valkey, "ingest")) == 1
    wakeups.clear("ingest")
    wakeups.wake("ingest")
    assert len(jobs(valkey, "ingest")) == 2


def test_a_forgotten_wake_up_expires_by_itself(wakeups: Wakeups, valkey: Redis) -> None:
    wakeups.wake("ingest")
    assert 0 < valkey.ttl("coldframe:wake:ingest") <= 30


@pytest.mark.parametrize(
    ("lane", "queue"),
    [
        ("ingest", "ingest"),
        ("advance", "advance"),
        ("deliver:hubspot", "hubspot"),
        ("refresh:hubspot", "hubspot"),
        ("deliver:salesforce", "salesforce"),
        ("alerts:webhook", "alerts"),
    ],
)
def test_every_lane_has_its_queue(wakeups: Wakeups, valkey: Redis, lane: str, queue: str) -> None:
    assert queue_of(lane) == queue
    wakeups.wake(lane)
    assert [list(job.args) for job in jobs(valkey, queue)] == [[lane]]


def test_a_redis_that_is_down_is_tried_once_and_then_left_alone(nowhere: SecretStr) -> None:
    at = [100.0]
    wakeups = Wakeups(nowhere, lambda: at[0])
    started = time.monotonic()
    for _ in range(1_000):
        wakeups.wake("ingest")
    wakeups.clear("ingest")
    assert time.monotonic() - started < 10
    wakeups.close()


def test_after_five_seconds_redis_is_tried_again(redis_url: str, valkey: Redis) -> None:
    at = [100.0]
    wakeups = Wakeups(SecretStr(redis_url), lambda: at[0])
    valkey.execute_command("CLIENT", "PAUSE", "500")
    started = time.monotonic()
    wakeups.wake("ingest")
    assert 0.2 < time.monotonic() - started < 10
    time.sleep(0.6)
    at[0] += 4.9
    wakeups.wake("advance")
    assert jobs(valkey, "advance") == []
    at[0] += 0.2
    wakeups.wake("advance")
    assert len(jobs(valkey, "advance")) == 1
    wakeups.close()


def test_without_a_redis_nothing_is_said_and_nothing_breaks() -> None:
    wakeups = Wakeups(None, monotonic)
    wakeups.wake("ingest")
    wakeups.clear("ingest")
    wakeups.close()


def test_a_full_redis_is_nobodys_error(wakeups: Wakeups, valkey: Redis) -> None:
    valkey.config_set("maxmemory", "1")
    try:
        wakeups.wake("ingest")
    finally:
        valkey.config_set("maxmemory", "0")
    assert valkey.keys("rq:job:*") == []


def test_no_promise_is_left_of_a_job_that_could_not_be_queued(wakeups: Wakeups, valkey: Redis) -> None:
    valkey.acl_setuser("default", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-rpush"])
    try:
        wakeups.wake("ingest")
    finally:
        valkey.acl_setuser("default", enabled=True, nopass=True, keys=["*"], commands=["+@all"])
    assert valkey.llen("rq:queue:ingest") == 0
    assert valkey.exists("coldframe:wake:ingest") == 0


def test_where_a_queue_should_be_and_is_none_it_is_made_anew(wakeups: Wakeups, valkey: Redis) -> None:
    valkey.set("rq:queue:ingest", "not a list")
    wakeups.wake("ingest")
    assert len(jobs(valkey, "ingest")) == 1


def test_the_bell_never_waits_and_loses_nothing_when_it_closes() -> None:
    heard = []
    hold = threading.Event()

    def slow(lane: str) -> None:
        hold.wait(5)
        heard.append(lane)

    wake_ups = BackgroundWakeUps(slow)
    started = time.monotonic()
    for _ in range(1_000):
        wake_ups.wake("ingest")
        wake_ups.wake("advance")
    assert time.monotonic() - started < 4
    hold.set()
    wake_ups.close()
    assert set(heard) == {"ingest", "advance"}
    assert len(heard) <= 4
    wake_ups.wake("ingest")
    wake_ups.close()
    assert heard[-1] == "ingest"


@pytest.fixture(params=["down", "stalled"])
def ailing(request: pytest.FixtureRequest, valkey: Redis, redis_url: str, nowhere: SecretStr) -> SecretStr:
    """A Redis that nobody can work with."""
    if request.param == "down":
        return nowhere
    valkey.execute_command("CLIENT", "PAUSE", "2000")
    return SecretStr(redis_url)


def test_webhooks_are_answered_quickly_whatever_redis_does(settings: Settings, store: Store, ailing: SecretStr) -> None:
    wakeups = Wakeups(ailing, monotonic)
    wake_ups = BackgroundWakeUps(wakeups.wake)
    app = create_app(settings, store=store, wake=wake_ups.wake, queue=list, now=lambda: senders.NOW)
    client = app.test_client()
    body = senders.activities(senders.activity())
    slowest = 0.0
    for _ in range(20):
        started = time.monotonic()
        assert client.post("/webhooks/activities", data=body, headers=senders.standard(body)).status_code == 202
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < 2.5
    app.extensions[INTAKE].close()
    wake_ups.close()
    wakeups.close()


def test_a_redis_that_evicts_is_refused(valkey: Redis, redis_url: str) -> None:
    redis = connect(redis_url)
    assert queue_problems(redis) == []
    valkey.config_set("maxmemory-policy", "allkeys-lru")
    (problem,) = queue_problems(redis)
    assert "allkeys-lru" in problem
    assert "noeviction" in problem
    redis.close()


def test_a_redis_that_is_away_is_a_problem_and_no_error(nowhere: SecretStr) -> None:
    redis = connect(nowhere.get_secret_value())
    assert "does not answer" in queue_problems(redis)[0]
    redis.close()
