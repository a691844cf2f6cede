"""The worker: RQ's worker and cron, with everything heavy imported before the first job forks."""

import contextlib
import gc

import structlog
from redis import Redis
from redis.exceptions import ResponseError
from rq import Queue
from rq.cron import CronJob, CronScheduler
from rq.serializers import JSONSerializer
from rq.utils import now

from integration.processes import count_figures, jobs
from integration.processes.allowed_jobs import AllowedWorker
from integration.settings.environment import Settings
from integration.store.db.session import Store
from integration.wiring import build, logs
from integration.wiring.queue_keys import mend
from integration.wiring.wake_ups import queue_problems

log = structlog.get_logger()


def work(settings: Settings, queue: str) -> None:
    """Work one queue until a signal ends it. A job forks, so that one that dies takes nothing with it."""
    with contextlib.closing(_redis(settings)) as redis:
        problems = queue_problems(redis)
        if problems:
            raise SystemExit("\n".join(problems))
        mend(redis, queue)
    build.preload()
    logs.guard()
    gc.collect()
    gc.set_threshold(50_000)  # a batch makes thousands of small values, and hardly a cycle
    gc.freeze()  # what a job shares with its parent is not looked through, and so not copied
    log.info("working", queue=queue, job=jobs.run.__qualname__)
    # Another connection: RQ waits for jobs longer than the first one would wait for anything.
    AllowedWorker(queue, _redis(settings)).work(logging_level="WARNING")


def tick(settings: Settings) -> None:
    """Run the periodic jobs of `integration.processes.scheduler` until a signal ends it."""
    logs.configure(settings)
    logs.guard()
    count_figures.start(Store.open(settings.database_url.get_secret_value()))
    scheduler = _Clock(connection=_redis(settings), logging_level="WARNING")
    scheduler.load_config_from_file("integration.processes.scheduler")
    scheduler.start()  # type: ignore[no-untyped-call] # RQ left it untyped


class _Clock(CronScheduler):
    """RQ's cron, but for what it puts into the queue: it writes pickle there, and our workers read JSON alone."""

    def enqueue_jobs(self) -> list[CronJob]:
        """Enqueue the jobs that are due."""
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
