"""Allowed jobs: which functions a worker runs, whatever stands in Redis.

RQ imports and calls any function that a job in Redis names, its callbacks and webhooks with it. Whoever can write to
Redis would run code as this service. Here a job is one of ours with an argument it may have, or it does not exist; of
what Redis says about it, only a few short fields are read. A worker takes no commands from Redis either.

A job runs in a child of the worker. That stays for further jobs of its queue, which then cost no fork, no imports and
no new connections; it ends after two minutes, so that nothing it holds grows old.
"""

import contextlib
import os
import signal
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import structlog
from redis import ConnectionPool, Redis
from redis.exceptions import RedisError, ResponseError
from rq import Queue, Worker
from rq.exceptions import NoSuchJobError
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from rq.utils import as_text

from integration.flows.base.lane import Woken
from integration.processes.job_failures import JOBS
from integration.processes.supervisor import memory
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
_STAY_SECONDS = 120.0
"""How long the child that has run a job stays for others of its queue."""
_MOST_GROWTH = 24_000_000
"""Bytes by which it may grow meanwhile; a fresh one takes its place then."""
_LOOK_SECONDS = 5.0
"""How long it waits for one before it looks whether it is still wanted."""
_PATIENCE_SECONDS = 2.0
"""How much later than promised Redis may answer."""
_ORPHAN_SECONDS = 35.0
"""How long the child that runs a job may live without its worker: one call to a CRM, and noting what came of it."""


class _EndedError(Exception):
    """The worker is to end, and its child waited for a job."""


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
        self._ending = self._waiting = False
        self._began_with = 0
        self._taken: Job | None = None
        pool = redis.connection_pool
        given = {**pool.connection_kwargs, "socket_timeout": _LOOK_SECONDS + _PATIENCE_SECONDS}
        self._line = Redis(connection_pool=ConnectionPool(connection_class=pool.connection_class, **given))

    def setup_work_horse_signals(self) -> None:
        """In the child that runs jobs: it outlives its worker for as long as a call to a CRM may take, no longer."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call] # RQ left it untyped
        end_after_parent(self._parent, _ORPHAN_SECONDS, self._end)
        self._began_with = memory()

    def handle_warm_shutdown_request(self) -> None:
        """The child ends after the job that it runs; at once, where it waits for one."""
        if self.horse_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGUSR1)

    def monitor_work_horse(self, job: Job, queue: Queue, execution: Execution) -> None:
        """Wait for the child to end; it may take a while for its first job, stay, and run another one then."""
        job.timeout = int(_STAY_SECONDS) + 2 * _MOST_SECONDS
        super().monitor_work_horse(job, queue, execution)

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """In the child: run a job as RQ does, then whatever comes into the queue within the next minutes."""
        until = time.monotonic() + _STAY_SECONDS
        went_well = super().perform_job(job, queue, execution)
        try:
            while went_well and self._stays(until):
                each, self._taken = self._taken or self._next(_LOOK_SECONDS), None
                if each is not None and not self._ran(each, queue):
                    break
        except (_EndedError, RedisError, OSError) as error:
            log.debug("the child of a worker ends", reason=type(error).__name__)
        if self._taken is not None:
            queue.push_job_id(self._taken.id, at_front=True)
        return went_well

    def wait(self, lane: str, seconds: float) -> Woken:
        """For a lane that this child works: wait for the next job of the queue, which may be that lane's own."""
        if self._ending or self._taken is not None:
            return "others"
        try:
            job = self._next(min(seconds, _LOOK_SECONDS))
            if job is None:
                return "time"
            if job.func_name == RUN and job.args == [lane]:
                self.connection.delete(job.key, f"{PREFIX}{lane}")
                return "woken"
        except _EndedError:
            return "others"
        except (RedisError, OSError):
            time.sleep(min(seconds, _AGAIN_SECONDS))
            return "time"
        self._taken = job
        return "others"

    def _stays(self, until: float) -> bool:
        fit = memory() < self._began_with + _MOST_GROWTH and os.getppid() == self._parent
        return fit and not self._ending and time.monotonic() < until

    def _next(self, seconds: float) -> Job | None:
        """The next job of ours in the queue; None where none comes in time. Raises RedisError, _EndedError."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._waiting = True
            try:
                if self._ending:
                    raise _EndedError
                popped = self._line.blpop([self.queues[0].key], timeout=left)
            finally:
                self._waiting = False
            if not isinstance(popped, list | tuple):
                return None
            with contextlib.suppress(NoSuchJobError, UnicodeDecodeError):
                job = AllowedJob.fetch(as_text(popped[1]), connection=self.connection, serializer=self.serializer)
                if job.origin == self.queues[0].name:
                    return job
        return None

    def _ran(self, job: Job, queue: Queue) -> bool:
        """Run a job without RQ's accounts of it; where it fails, RQ is to run it again in a child of its own."""
        try:
            with self.death_penalty_class(job.timeout, JobTimeoutException, job_id=job.id):
                job.func(*job.args)
        except Exception:  # noqa: BLE001 - it is logged, and RQ takes it up
            queue.push_job_id(job.id, at_front=True)
            return False
        self.connection.delete(job.key)
        return True

    def _install_signal_handlers(self) -> None:
        super()._install_signal_handlers()  # type: ignore[no-untyped-call] # RQ left it untyped
        signal.signal(signal.SIGUSR1, self._end)

    def _end(self, *_: object) -> None:
        self._ending = True
        if self._waiting:
            raise _EndedError

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
