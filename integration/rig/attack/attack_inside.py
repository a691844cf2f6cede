"""Attacks from inside: somebody can write to Redis, many ask for figures, a file is made to be slow to read."""

import contextlib
import json
import os
import signal
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
from redis import Redis
from redis.exceptions import RedisError

from integration.playbook.compiling import compiler
from integration.rig.attack.attack_ground import LATEST, Attack, Ground, beside
from integration.wiring import clock

_SCRAPERS = 32
_YAML_SECONDS = 1.0
_FILES: Mapping[str, str] = {
    "1 MB of YAML: keys": "".join(f"key_{number}: {number}\n" for number in range(70_000)),
    "1 MB of YAML: one list": "x: [" + "a," * 500_000 + "]",
    "YAML nested 5,000 deep": "x: " + "[" * 5_000,
    "YAML with aliases of aliases": "a: &a [x]\nb: &b [" + "*a," * 50_000 + "]\n",
}


@contextlib.contextmanager
def _redis(ground: Ground) -> Iterator[Redis]:
    url = ground.running.settings.redis_url
    if url is None:
        msg = "the product runs without Redis"
        raise RuntimeError(msg)
    with contextlib.closing(Redis.from_url(url.get_secret_value())) as redis:
        yield redis


def _planted(redis: Redis, call: Any, queue: str, number: int) -> None:
    name = f"planted-{number}"
    fields: dict[Any, Any] = {
        "data": zlib.compress(json.dumps(call).encode()) if not isinstance(call, bytes) else call,
        "origin": queue,
        "status": "queued",
        "created_at": "2026-01-01T00:00:00.0Z",
    }
    redis.hset(f"rq:job:{name}", mapping=fields)
    redis.sadd("rq:queues", f"rq:queue:{queue}")
    redis.rpush(f"rq:queue:{queue}", name)


def _forged(ground: Ground) -> None:
    """Jobs that would leave a trace if a worker ran them."""
    trace = ground.running.log.parent / "trace"
    calls: tuple[Any, ...] = (
        ["os.system", None, [f"touch {trace}"], {}],
        ["integration.wiring.build.service", None, [], {}],
        ["integration.processes.jobs.run", None, ["no lane"], {}],
        f"cos\nsystem\n(S'touch {trace}'\ntR.".encode(),
        zlib.compress(b"[" + b" " * 50_000_000),
        b"",
    )
    with _redis(ground) as redis:
        for number, call in enumerate(calls):
            _planted(redis, call, "ingest", number)
        redis.rpush("rq:queue:ingest", *[f"nothing-{number}" for number in range(1_000)])
    ground.probe()
    if trace.exists():
        ground.faults.append("a worker ran a forged job")


def _in_redis(change: Callable[[Redis], object]) -> Callable[[Ground], None]:
    def run(ground: Ground) -> None:
        with _redis(ground) as redis:
            change(redis)
        ground.probe()

    return run


def _wrong_queue(redis: Redis) -> None:
    redis.delete("rq:queue:ingest")
    redis.set("rq:queue:ingest", "no list")


def _wrong_wake(redis: Redis) -> None:
    redis.delete("coldframe:wake:ingest")
    redis.rpush("coldframe:wake:ingest", *["x" * 1_000] * 1_000)


def _killed(ground: Ground) -> None:
    """Kill the Valkey that `up` brings: deliveries are taken meanwhile, and read once there is another."""
    with _redis(ground) as redis:
        pid = int(redis.info("server")["process_id"])
    os.kill(pid, signal.SIGKILL)
    ground.probe()
    with _redis(ground) as redis:
        deadline = clock.monotonic() + LATEST
        while clock.monotonic() < deadline:
            with contextlib.suppress(RedisError):
                redis.ping()
                return
            time.sleep(0.05)
    ground.faults.append(f"Valkey was not started again within {LATEST:g} s")


def _scraped(ground: Ground) -> None:
    url = f"{ground.running.url}/metrics"
    with beside(lambda: requests.get(url, timeout=10), _SCRAPERS):
        ground.probe(2 * LATEST)


def _read(text: str) -> Callable[[Ground], None]:
    def run(ground: Ground) -> None:
        started = clock.monotonic()
        playbook, _ = compiler.compile_text(text, "attack.yaml")
        taken = clock.monotonic() - started
        ground.slowest = max(ground.slowest, taken)
        if playbook is not None or taken > _YAML_SECONDS:
            ground.faults.append(f"it was {'taken' if playbook else 'refused'} after {taken:.1f} s")

    return run


def attacks() -> list[Attack]:
    """Redis first, then figures and files."""
    planted = {
        "a queue that is no list": _wrong_queue,
        "a wake key without an end": lambda redis: redis.set("coldframe:wake:ingest", "1"),
        "a wake key for ten days": lambda redis: redis.set("coldframe:wake:ingest", b"x" * 1_000_000, ex=864_000),
        "a wake key of another type": _wrong_wake,
        "workers suspended": lambda redis: redis.set("rq:suspended", 1),
        "everything deleted": lambda redis: redis.flushall(),
    }
    return [
        Attack(point=4, name="forged jobs in Redis", run=_forged, short=True),
        *(Attack(point=4, name=name, run=_in_redis(change)) for name, change in planted.items()),
        Attack(point=4, name="Valkey is killed", run=_killed),
        Attack(point=6, name=f"{_SCRAPERS} scrapers of /metrics", run=_scraped, short=True),
        *(Attack(point=6, name=name, run=_read(text)) for name, text in _FILES.items()),
    ]
