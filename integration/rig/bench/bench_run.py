"""One bench run: people made known, floors, one change of everybody, full load, a tenth of it, and the proof."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration.rig.bench import bench_processor
from integration.rig.bench.bench_crm import ScoreCalls, forget, score_calls, scores
from integration.rig.bench.bench_crowd import PER_DELIVERY, Crowd, Volume, bustle, clicks, gather
from integration.rig.bench.bench_figures import Figures, Floors
from integration.rig.bench.bench_floors import asleep, inserts_per_second, jobs_per_second
from integration.rig.bench.bench_latency import Latency, Way, events, way
from integration.rig.bench.bench_memory import MemoryWatch
from integration.rig.bench.bench_sender import Burst, Parcel, send
from integration.rig.stage.rig import Rig, rig
from integration.store.overall import store_figures
from integration.store.people import leads
from integration.wiring import clock

LINES = 4
"""Connections that send at once."""
_A_SECOND = 125
"""Deliveries for each second that the full load shall last about."""
_TENTH_SECONDS = 4
_SINGLES = 5_000
"""Deliveries of one activity each, as a web tracker sends them."""
_SLOW_EVENTS = 12
"""Single events, one a second."""
_QUIET = 600
"""People who do nothing but these single events: whoever has done a lot has the highest score, and keeps it."""
_FLOOR_SECONDS = 1.5
_ANSWERS = 1_000
"""Deliveries of one activity each that are answered while no worker runs."""
_RESTING = 2.0
"""Seconds after which idle lanes have given back their leases, so that workers are stopped at nothing."""
_JOBS = 200
_PATIENCE = 120.0
_LOOKS = 0.05
"""Seconds between two looks at what is still under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """What one phase did: the answers, seconds until every score stood, processor seconds, and the calls it took."""

    answers: Burst
    seconds: float
    processor: float
    calls: Mapping[str, ScoreCalls]


def measured(  # noqa: PLR0913 - where, and what of it
    data: Path, tell: Callable[[str], None], *, people: int, seconds: int, database: Mapping[str, Any], webhooks: bool
) -> Figures:
    """Run everything in `data` and stop it again; `tell` gets a word on what is being done.

    `database` is what the environment says of a database other than an SQLite file in `data`. With `webhooks` the CRM
    tells the service of every change, of those that the service made itself too.
    """
    load = bench_processor.load()
    tell("Starting Valkey, the sandbox's CRMs, web, workers and clock …")
    with rig(data, COLDFRAME_LOG_LEVEL="warning", **database) as running:
        tell(f"Making {people:,} people known …")
        if not webhooks:
            running.tell("webhooks", {"url": ""})
        crowd, quiet = gather(running, people), gather(running, _QUIET, first=people)
        with MemoryWatch(running.programs.pids) as memory:
            first = [
                _through(running, clicks(running.signer, each, name=name, at=clock.now()))
                for name, each in (("first", crowd), ("quiet", quiet))
            ]
            tell("Measuring the floors: bare inserts, empty jobs …")
            floors, answered = _floors(running, data, crowd)
            tell("Changing everybody once …")
            once = _through(running, clicks(running.signer, crowd, name="once", at=clock.now()))
            tell(f"Full load, about {seconds} s …")
            full = _busy(running, crowd, "full", Volume(seconds * _A_SECOND))
            tell("One activity in each delivery …")
            single = _busy(running, crowd, "single", Volume(_SINGLES, each=1))
            tell("A tenth of the full load …")
            rate = len(full.answers.taken) / full.answers.seconds / 10
            tenth = _busy(running, crowd, "tenth", Volume(max(1, round(rate * _TENTH_SECONDS))), every=1 / rate)
            tell("Single events, a tenth of the load and one a second …")
            slow, quiet = quiet.parted(_SLOW_EVENTS)
            apace = len(single.answers.taken) / single.seconds / 10
            timed = {
                "at a tenth": _way(running, quiet, "apace", round(apace * _TENTH_SECONDS) + 1, apace),
                "one a second": _way(running, slow, "slow", _SLOW_EVENTS, 1.0),
            }
        ways = {pace: each for pace, (each, _) in timed.items()}
        phases = (*first, answered, once, full, single, tenth)
        return Figures(
            leads=len(crowd.everybody),
            activities=sum(each.answers.activities for each in phases) + sum(each.events for each in ways.values()),
            refused=sum(len(each.answers.refused) for each in phases),
            answered_per_second=full.answers.activities / full.answers.seconds,
            delivered_per_second=full.answers.activities / full.seconds,
            single_per_second=single.answers.activities / single.seconds,
            answers_to_singles=Latency.of(single.answers),
            answers_under_load=Latency.of(full.answers),
            answers_at_a_tenth=Latency.of(tenth.answers),
            tenth_per_second=rate * PER_DELIVERY,
            ways=ways,
            changed_once=once.calls,
            under_load=full.calls,
            memory=memory.peaks,
            together=memory.together,
            webhooks=webhooks,
            floors=floors,
            right=_right(running, crowd),
            stored=_stored(running),
            database=running.store.url.get_backend_name(),
            machine_load=(load, bench_processor.load()),
            processor_ms={
                "durable answers alone": 1_000 * answered.processor / answered.answers.activities,
                "full load": 1_000 * full.processor / full.answers.activities,
                "single events": 1_000 * single.processor / single.answers.activities,
                **{pace: 1_000 * spent / each.events for pace, (each, spent) in timed.items()},
            },
        )


def _floors(running: Rig, data: Path, crowd: Crowd) -> tuple[Floors, _Load]:
    body = bustle(running.signer, Crowd(("ana@acme.example",), ("bo@acme.example",)), Volume(1), name="floor", at=0)
    redis = running.settings.redis_url
    if redis is None:
        msg = "the rig brings a Valkey"
        raise RuntimeError(msg)
    answered = _answered(running, crowd)
    floors = Floors(
        inserts_per_second=inserts_per_second(data, body[0].body, seconds=_FLOOR_SECONDS),
        forked_jobs_per_second=jobs_per_second(redis.get_secret_value(), jobs=_JOBS, forked=True),
        plain_jobs_per_second=jobs_per_second(redis.get_secret_value(), jobs=_JOBS, forked=False),
        answers_per_second=len(answered.answers.taken) / answered.answers.seconds,
    )
    return floors, answered


def _answered(running: Rig, crowd: Crowd) -> _Load:
    """Durable answers alone; what they were about is worked when the workers go on."""
    time.sleep(_RESTING)
    parcels = bustle(running.signer, crowd, Volume(_ANSWERS, each=1), name="answers", at=clock.now())
    before, started = bench_processor.used(running.programs.pids()), time.monotonic()
    with asleep(running.store, running.programs.pids):
        answers = send(running.url, parcels, lines=LINES)
        processor = bench_processor.used(running.programs.pids()) - before
    _until_settled(running)
    return _Load(answers=answers, seconds=time.monotonic() - started, processor=processor, calls={})


def _busy(running: Rig, crowd: Crowd, name: str, volume: Volume, *, every: float = 0.0) -> _Load:
    parcels = bustle(running.signer, crowd, volume, name=name, at=clock.now())
    return _through(running, parcels, every=every)


def _way(running: Rig, crowd: Crowd, name: str, count: int, per_second: float) -> tuple[Way, float]:
    """What single events take at this pace, and their processor seconds."""
    given = events(running, crowd, count, name=name, at=clock.now())
    load = _through(running, given.parcels, every=1 / per_second)
    return way(running, given, load.answers, per_second), load.processor


def _through(running: Rig, parcels: Sequence[Parcel], *, every: float = 0.0) -> _Load:
    """Send everything, and wait until nothing is under way any more."""
    forget(running)
    started, before = time.monotonic(), bench_processor.used(running.programs.pids())
    answers = send(running.url, parcels, lines=LINES, every=every)
    _until_settled(running)
    seconds, processor = time.monotonic() - started, bench_processor.used(running.programs.pids()) - before
    return _Load(answers=answers, seconds=seconds, processor=processor, calls=score_calls(running))


def _until_settled(running: Rig) -> None:
    if not running.wait(running.settled, seconds=_PATIENCE, every=_LOOKS):
        msg = f"{running.waiting()} pieces of work are still under way after {_PATIENCE:.0f} s; see {running.log}"
        raise RuntimeError(msg)


def _right(running: Rig, crowd: Crowd) -> int:
    """How many of the crowd have the score in their CRM that the store has for them."""
    held = scores(running)
    with running.store.read() as conn:
        ids = leads.by_email(conn, crowd.everybody)
        stored = {row.email: row.total for row in leads.get(conn, ids.values())}
    return sum(1 for email in crowd.everybody if email in held and held[email] == stored.get(email))


def _stored(running: Rig) -> int:
    with running.store.read() as conn:
        return store_figures.activities(conn)
