"""Queue keys: the Redis keys of a queue, and repairing them where somebody has put something else in their place."""

import structlog
from redis import Redis
from rq import Queue
from rq.intermediate_queue import IntermediateQueue
from rq.registry import (
    CanceledJobRegistry,
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
    StartedJobRegistry,
)
from rq.worker_registration import REDIS_WORKER_KEYS, WORKERS_BY_QUEUE_KEY

log = structlog.get_logger()

_REGISTRIES = (
    StartedJobRegistry,
    FinishedJobRegistry,
    FailedJobRegistry,
    DeferredJobRegistry,
    ScheduledJobRegistry,
    CanceledJobRegistry,
)


def mend(redis: Redis, queue: str) -> None:
    """Delete whatever stands where RQ keeps a queue and is of another type than it has to be. Raises RedisError.

    The work that was waiting there is found again by the sweep.
    """
    key = Queue(queue, connection=redis).key
    kinds = {
        key: b"list",
        IntermediateQueue(key, redis).key: b"list",
        Queue.redis_queues_keys: b"set",
        REDIS_WORKER_KEYS: b"set",
        WORKERS_BY_QUEUE_KEY % queue: b"set",
        **{registry(queue, connection=redis).key: b"zset" for registry in _REGISTRIES},
    }
    for name, kind in kinds.items():
        if redis.type(name) not in {kind, b"none"}:
            log.warning("a key in Redis is not what it has to be, and is made anew", key=name)
            redis.delete(name)
