"""Wake-ups: hints through Redis that a lane has work. Any of them may be lost; the sweep finds what they missed.

Redis may be down, stalled or wiped, and nobody waits for it: an attempt takes at most a few tenths of a second, and
after a failure there is none for five seconds.
"""

import contextlib
import threading
from collections.abc import Callable

import structlog
from pydantic import SecretStr
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry as Attempts
from rq import Queue, Retry
from rq.serializers import JSONSerializer

from integration.wiring.queue_keys import mend

log = structlog.get_logger()

JOB = "integration.processes.jobs.run"
PREFIX = "coldframe:wake:"

_SHARED = frozenset({"alerts", "bulk"})
_COALESCE_SECONDS = 30
_SOCKET_SECONDS = 0.3
_REST_SECONDS = 5.0
_JOB_SECONDS = 180
_STALE_SECONDS = 600
_FAILURE_SECONDS = 3_600
_ABANDONED = 3
"""How often a job whose worker died is queued again; without it RQ would drop the job."""


def queue_of(lane: str) -> str:
    """The queue that a lane's jobs go to: `deliver:hubspot` and `refresh:hubspot` to `hubspot`, `ingest` to its own.

    All ways of alerts share the queue `alerts`, all parts of a bulk run the queue `bulk`.
    """
    kind, _, connection = lane.partition(":")
    return kind if kind in _SHARED else connection or kind


def connect(url: str) -> Redis:
    """Redis for those who must not wait: no answer within 0.3 s is a failure, and nothing is tried twice."""
    return Redis.from_url(
        url,
        socket_timeout=_SOCKET_SECONDS,
        socket_connect_timeout=_SOCKET_SECONDS,
        retry=Attempts(NoBackoff(), 0),
    )


class Wakeups:
    """Say that a lane has work. Safe for threads, and to carry over a fork. Without a Redis, it says nothing."""

    def __init__(self, redis_url: SecretStr | None, monotonic: Callable[[], float]) -> None:
        self._redis = None if redis_url is None else connect(redis_url.get_secret_value())
        self._monotonic = monotonic
        self.wait: Callable[[str, float], str] | None = None
        """How a lane waits to be woken, in a process that works the jobs of a queue."""
        self._failed_at: float | None = None

    def wake(self, lane: str) -> None:
        """Queue one job for the lane unless one is waiting already. Never raises; takes 0.6 s at the very worst."""
        if self._redis is None or self._failed_lately():
            return
        try:
            _wake(self._redis, lane)
        except (RedisError, OSError) as error:
            self._failed(error)

    def clear(self, lane: str) -> None:
        """The lane's job has begun: whoever has more for it must wake it again. Never raises."""
        if self._redis is None:
            return
        try:
            self._redis.delete(f"{PREFIX}{lane}")
        except (RedisError, OSError) as error:
            self._failed(error)

    def close(self) -> None:
        """Hang up."""
        if self._redis is not None:
            self._redis.close()

    def _failed_lately(self) -> bool:
        return self._failed_at is not None and self._monotonic() - self._failed_at < _REST_SECONDS

    def _failed(self, error: Exception) -> None:
        if not self._failed_lately():
            log.warning("redis does not answer; the sweep will find the work", error=type(error).__name__)
        self._failed_at = self._monotonic()


def _wake(redis: Redis, lane: str) -> None:
    key = f"{PREFIX}{lane}"
    if not _promised(redis, key):
        return
    try:
        _enqueue(redis, lane)
    except RedisError:
        # The key says that a job is waiting, and there is none.
        with contextlib.suppress(RedisError):
            redis.delete(key)
        raise


def _promised(redis: Redis, key: str) -> bool:
    """Say that a job is waiting, unless that is said already.

    A key that lasts for longer than ours do is not ours: nobody would wake the lane while it stands.
    """
    pipe = redis.pipeline(transaction=False)
    pipe.set(key, b"1", nx=True, ex=_COALESCE_SECONDS)
    pipe.ttl(key)
    promised, left = pipe.execute()
    if promised or 0 <= left <= _COALESCE_SECONDS:
        return bool(promised)
    redis.delete(key)
    return bool(redis.set(key, b"1", nx=True, ex=_COALESCE_SECONDS))


def _enqueue(redis: Redis, lane: str) -> None:
    queue = Queue(queue_of(lane), connection=redis, serializer=JSONSerializer)
    try:
        _call(queue, lane)
    except ResponseError:  # no list where the queue should be
        mend(redis, queue.name)
        _call(queue, lane)


def _call(queue: Queue, lane: str) -> None:
    queue.enqueue_call(
        JOB,
        args=(lane,),
        timeout=_JOB_SECONDS,
        ttl=_STALE_SECONDS,
        result_ttl=0,
        failure_ttl=_FAILURE_SECONDS,
        retry=Retry(max=_ABANDONED),
    )


class BackgroundWakeUps:
    """Wakes lanes from a thread of its own, so that an answer to a webhook never waits for Redis.

    Wake-ups of the same lane while one is under way become one. What it has not passed on when the process dies, the
    sweep finds.
    """

    def __init__(self, wake: Callable[[str], None]) -> None:
        self._wake = wake
        self._waiting: dict[str, None] = {}
        self._change = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def wake(self, lane: str) -> None:
        """Wake the lane soon; returns at once."""
        with self._change:
            if self._thread is None or not self._thread.is_alive():
                self._closed = False
                self._thread = threading.Thread(target=self._run, name="wake-ups", daemon=True)
                self._thread.start()
            self._waiting[lane] = None
            self._change.notify()

    def close(self) -> None:
        """Pass on what waits, and stop."""
        with self._change:
            thread, self._thread = self._thread, None
            self._closed = True
            self._change.notify()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._closed)
                lanes, self._waiting = self._waiting, {}
                if not lanes:
                    return
            for lane in lanes:
                self._wake(lane)


def queue_problems(redis: Redis) -> list[str]:
    """Why this Redis must not carry jobs, for people; empty when it may."""
    try:
        policy = str(redis.info("memory").get("maxmemory_policy", "unknown"))
    except (RedisError, OSError) as error:
        return [f"Redis does not answer ({type(error).__name__}). Start it, or set REDIS_URL."]
    if policy != "noeviction":
        return [f"Redis may throw jobs away: maxmemory-policy is {policy}. Set it to noeviction."]
    return []
