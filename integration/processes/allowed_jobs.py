"""Allowed jobs: which functions a worker runs, whatever stands in Redis.

RQ imports and calls any function that a job in Redis names, its callbacks and webhooks with it. Whoever can write to
Redis would run code as this service. Here a job is one of ours with an argument it may have, or it does not exist; of
what Redis says about it, only a few short fields are read. A worker takes no commands from Redis either.
"""

import os
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import structlog
from redis import Redis
from redis.exceptions import ResponseError
from rq import Queue, Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from integration.processes.job_failures import JOBS
from integration.processes.with_parent import end_after_parent
from integration.wiring.queue_keys import mend
from integration.wiring.wake_ups import JOB as RUN
from integration.wiring.wake_ups import PREFIX, queue_of

log = structlog.get_logger()

_FIELDS = (
    *("data", "origin", "status", "created_at", "enqueued_at", "started_at", "ended_at", "last_heartbeat"),
    *("worker_name", "description", "timeout", "ttl", "failure_ttl", "number_of_retries", "retries_left"),
)
"""What is read of a job. Callbacks, webhooks, dependencies, repetitions and results are not."""
_NUMBERS = frozenset({"timeout", "ttl", "failure_ttl", "number_of_retries", "retries_left"})
_MOST_BYTES = 4_096
"""What one field may measure, packed and unpacked; ours are some 60 bytes."""
_TOO_LARGE = "it is too large"
_MOST_SECONDS = 300
_MOST_RETRIES = 3
_FAILURE_SECONDS = 3_600
_AGAIN_SECONDS = 1.0
_ORPHAN_SECONDS = 35.0
"""How long the child that runs a job may live without its worker: one call to a CRM, and noting what came of it."""


class AllowedJob(Job):
    """A job of ours; NoSuchJobError for anything else that stands in its place, which RQ passes over."""

    @property
    def func(self) -> Callable[..., Any]:
        """The function, which is looked up and not imported."""
        return JOBS[str(self.func_name)]

    @classmethod
    def fetch_many(cls, job_ids: Iterable[str], connection: Redis, serializer: Any = None) -> list[Job | None]:
        """Jobs in the order of their ids; None for each that is not there, or not ours."""
        found: list[Job | None] = []
        for job_id in job_ids:
            try:
                found.append(cls.fetch(job_id, connection=connection, serializer=serializer))
            except NoSuchJobError:
                found.append(None)
        return found

    def refresh(self) -> None:
        """Read the job from Redis, after a look at how much there is to read. Raises NoSuchJobError."""
        try:
            self.restore(self._read())
        except ResponseError as error:  # not a hash
            raise self._refused(str(error)) from error

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        """Take over what Redis said, if this is a job of ours. Raises NoSuchJobError."""
        given = {name: raw_data[name.encode()] for name in _FIELDS if raw_data.get(name.encode())}
        try:
            for name in _NUMBERS & given.keys():
                int(given[name])
            given["data"] = _unpacked(given["data"])
            _check(given["data"], given["origin"].decode())
            super().restore({name.encode(): value for name, value in given.items()})
        except (KeyError, TypeError, ValueError) as error:
            raise self._refused(str(error)) from error
        self.timeout = min(max(1, int(self.timeout or _MOST_SECONDS)), _MOST_SECONDS)
        self.retries_left = min(self.retries_left or 0, _MOST_RETRIES)
        self.failure_ttl = min(max(0, self.failure_ttl or 0), _FAILURE_SECONDS)
        self.result_ttl = 0

    def _read(self) -> Mapping[bytes, bytes]:
        pipe = self.connection.pipeline(transaction=False)
        for name in _FIELDS:
            pipe.hstrlen(self.key, name)
        if max(pipe.execute()) > _MOST_BYTES:
            raise self._refused(_TOO_LARGE)
        values = self.connection.hmget(self.key, _FIELDS)
        return {name.encode(): value for name, value in zip(_FIELDS, values, strict=True) if isinstance(value, bytes)}

    def _refused(self, reason: str) -> NoSuchJobError:
        if self.connection.exists(self.key):
            log.warning("a job in Redis is not ours, and is not run", job=self.id, reason=reason[:200])
        return NoSuchJobError(f"{self.id} is no job of ours")


def _unpacked(packed: bytes) -> bytes:
    """What RQ packed, up to a length. Raises ValueError."""
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(packed, _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacking.eof:
        raise ValueError(_TOO_LARGE)
    return data


def _check(data: bytes, origin: str) -> None:
    """Raises ValueError where this is no call of a job of ours, with what may be said to it, from this queue."""
    try:
        name, instance, arguments, named = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    if instance is not None or named or not isinstance(name, str) or name not in JOBS:
        msg = f"it calls {name!r}"
        raise ValueError(msg)
    if name != RUN:
        if arguments:
            msg = f"it calls {name} with {arguments!r}"
            raise ValueError(msg)
    elif len(arguments) != 1 or not isinstance(arguments[0], str) or queue_of(arguments[0]) != origin:
        msg = f"it runs {arguments!r} from the queue {origin!r}"
        raise ValueError(msg)


class AllowedWorker(Worker):
    """A worker that runs allowed jobs, and that nobody commands or suspends through Redis."""

    def __init__(self, queue: str, redis: Redis) -> None:
        super().__init__(
            [Queue(queue, connection=redis, serializer=JSONSerializer, job_class=AllowedJob)],
            connection=redis,
            serializer=JSONSerializer,
            job_class=AllowedJob,
        )
        self._parent = os.getpid()

    def setup_work_horse_signals(self) -> None:
        """In the child that runs a job: it outlives its worker for as long as a call to a CRM may take, no longer."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call] # RQ left it untyped
        end_after_parent(self._parent, _ORPHAN_SECONDS)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for a job, also where something stands in the queue's place that is none."""
        while True:
            try:
                return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
            except ResponseError as error:
                self._mend(error)
                time.sleep(_AGAIN_SECONDS)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job that came from the queue that it says it is from. What Redis loses of it, the sweep finds."""
        if job.origin == queue.name:
            try:
                super().execute_job(job, queue)
            except ResponseError as error:
                self._mend(error)
                self.connection.delete(*(f"{PREFIX}{lane}" for lane in job.args), job.key)

    def check_for_suspension(self, burst: bool) -> None:  # noqa: FBT001 - RQ's signature
        """Not at all: `rq suspend` is one key in Redis. `coldframe pause` is kept in the store."""

    def subscribe(self) -> None:
        """Not at all: whoever writes to Redis could stop jobs and workers."""

    def _mend(self, error: ResponseError) -> None:
        log.warning("Redis does not do what it is asked", error=str(error))
        mend(self.connection, self.queues[0].name)
