"""The worker: RQ's worker and cron, with everything heavy imported before the first job forks."""

import contextlib
import gc
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

import structlog
from redis import Redis
from redis.exceptions import RedisError, ResponseError
from rq import Queue
from rq.cron import CronJob, CronScheduler
from rq.serializers import JSONSerializer
from rq.utils import now

from integration.processes import count_figures, jobs, worker_group
from integration.processes.allowed_jobs import AllowedWorker
from integration.processes.supervisor import CLOCK
from integration.processes.with_parent import start_anew
from integration.settings.environment import Settings
from integration.store.db.errors import StoreError, StoreNewerError
from integration.store.db.session import Store
from integration.wiring import build, logs
from integration.wiring.clock import monotonic
from integration.wiring.connected_accounts import ConnectionChanges
from integration.wiring.queue_keys import mend
from integration.wiring.wake_ups import queue_problems

log = structlog.get_logger()

_BACKGROUND = 5
"""Workers yield the processor to the web process: an answer to a webhook is what somebody waits for."""
_MOST_PAUSE = 5.0
"""Seconds between two looks whether what a worker needs is there."""
_LATER = 12
"""What comes after ingest yields to it: what waits there becomes less, since a lead is decided and written once."""


def prepare(settings: Settings) -> None:
    """Import and build what every job needs, and see that Redis can be worked with; no connection stays open."""
    with contextlib.closing(_redis(settings)) as redis:
        problems = queue_problems(redis)
    if problems:
        raise SystemExit("\n".join(problems))
    build.preload()
    logs.guard()


def work(settings: Settings, queue: str) -> None:
    """Work one queue until a signal ends it. Jobs run in a child, so that one that dies takes nothing with it."""
    os.nice(_BACKGROUND if queue == "ingest" else _LATER)
    with contextlib.closing(_redis(settings)) as redis:
        mend(redis, queue)
    gc.set_threshold(50_000)  # a batch makes thousands of small values, and hardly a cycle
    gc.collect()
    gc.freeze()  # what a job shares with its parent is not looked through, and so not copied
    log.info("working", queue=queue, job=jobs.run.__qualname__)
    # Another connection: RQ waits for jobs longer than the first one would wait for anything.
    worker = AllowedWorker(queue, _redis(settings))
    build.wakeups().wait = worker.wait
    worker.work(logging_level="WARNING")


def work_all(settings: Settings, queues: Sequence[str], *, periodic: bool = False) -> int:
    """Work every queue in a fork of this process each, until a signal ends it; the status to exit with.

    Where `periodic`, one more fork runs the periodic jobs. It shares this process's memory; by itself it takes 100 MB.

    What is away when it starts (the store, Redis) is waited for. Where a connection comes or goes, it starts anew.
    """
    changes = ConnectionChanges(settings, monotonic)
    works: dict[str, Callable[[], None]] = {f"worker {queue}": partial(work, settings, queue) for queue in queues}
    if periodic:
        works[CLOCK] = partial(_tick, settings, lambda: False)  # the whole group starts anew where a connection comes
    if worker_group.run(works, partial(_prepared, settings), changes):
        log.info("other CRMs are connected; the workers start anew")
        start_anew()
    return 0


def _prepared(settings: Settings) -> None:
    for attempt in count():
        try:
            return prepare(settings)
        except StoreNewerError:
            raise
        except (StoreError, RedisError) as error:
            log.warning("waiting for what workers need", error=type(error).__name__)
            time.sleep(min(_MOST_PAUSE, 0.5 * 2**attempt))
    return None


def tick(settings: Settings) -> None:
    """Run the periodic jobs of `integration.processes.scheduler` until a signal ends it.

    Where a connection comes or goes, it starts anew: some jobs are one connection's.
    """
    logs.configure(settings)
    logs.guard()
    try:
        _tick(settings, ConnectionChanges(settings, monotonic))
    except _OutdatedError:
        log.info("other CRMs are connected; the clock starts anew")
        start_anew()


def _tick(settings: Settings, outdated: Callable[[], bool]) -> None:
    count_figures.start(Store.open(settings.database_url.get_secret_value()), settings)
    scheduler = _Clock(connection=_redis(settings), logging_level="WARNING")
    scheduler.outdated = outdated
    scheduler.load_config_from_file("integration.processes.scheduler")
    scheduler.start()  # type: ignore[no-untyped-call] # RQ left it untyped


class _OutdatedError(Exception):
    """Other connections are there than when the clock was started."""


class _Clock(CronScheduler):
    """RQ's cron, but for what it puts into the queue: it writes pickle there, and our workers read JSON alone."""

    outdated: Callable[[], bool] = staticmethod(lambda: False)

    def enqueue_jobs(self) -> list[CronJob]:
        """Enqueue the jobs that are due. Raises _OutdatedError."""
        if self.outdated():
            raise _OutdatedError
        due = [job for job in self.get_jobs() if job.should_run()]
        for job in due:
            queue = Queue(job.queue_name, connection=self.connection, serializer=JSONSerializer)
            try:
                queue.enqueue(job.func_name, **job.job_options)
            except ResponseError:  # no list where the queue should be
                mend(self.connection, queue.name)
                queue.enqueue(job.func_name, **job.job_options)
            job.set_enqueue_time(now())
        return due


def _redis(settings: Settings) -> Redis:
    if settings.redis_url is None:
        msg = "REDIS_URL: is not set. Set redis://host:6379/0, or run `coldframe up`, which brings its own."
        raise SystemExit(msg)
    return Redis.from_url(settings.redis_url.get_secret_value())
