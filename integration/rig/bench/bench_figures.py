"""The figures of one bench run: as one JSON object, and as a table beside the floors and the targets."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from integration.rig.bench.bench_crm import ScoreCalls
from integration.rig.bench.bench_latency import Latency, Way

_MEGABYTE = 1_000_000
_MOST_CALLS = 1.1
_MOST_FILLED = 1.05
_SINGLE_SHARE, _BATCH_TIMES = 0.7, 14
"""Of the same run's durable answers a second: single events, and activities in deliveries of a hundred."""
_MOST_SPREAD = 3.0
_TIMES_RQ = 20
_MOST_WAY = (6.25, 25.0)
"""From webhook to record at p50 and p99, to the median of the durable answers: 25 and 100 ms where that takes 4."""
_MOST_WORKER, _MOST_TOGETHER = 150 * _MEGABYTE, 300 * _MEGABYTE
PROTOTYPE = {"batched": 12_630, "single": 647}
"""Scores a second of the throwaway prototype on two such cores, another day: for comparison, not a target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floors:
    """What disk and queue do by themselves: deliveries stored and empty jobs done, each a second."""

    inserts_per_second: float
    forked_jobs_per_second: float
    """A fork for each job, as RQ does it and our workers do."""
    plain_jobs_per_second: float
    answers_per_second: float
    """Durable answers to deliveries of one activity, while no worker runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured in one run on one machine. Rates are per second, memory in bytes."""

    leads: int
    activities: int
    refused: int
    answered_per_second: float
    delivered_per_second: float
    """From the first post until every lead's score stands in its CRM."""
    single_per_second: float
    """The same where every delivery carries one activity."""
    answers_to_singles: Latency
    answers_under_load: Latency
    answers_at_a_tenth: Latency
    tenth_per_second: float
    ways: Mapping[str, Way]
    """From webhook to CRM, for single events at two paces."""
    changed_once: Mapping[str, ScoreCalls]
    """Calls for scores after every lead changed once."""
    under_load: Mapping[str, ScoreCalls]
    memory: Mapping[str, int]
    together: tuple[int, int]
    """All processes of the service and its Valkey (PSS), at first and at the most."""
    webhooks: bool
    """Whether the CRM told the service of every change, of those that it made itself too."""
    floors: Floors
    right: int
    """Leads whose score in the CRM is the store's at the end."""
    stored: int
    """Activities in the store at the end; each one that was answered."""
    database: str
    machine_load: tuple[float, float]
    """How many processes of the whole machine wanted a processor before the run, and at its end."""
    processor_ms: Mapping[str, float]
    """Processor milliseconds for an activity, by phase: of the service's processes, without a database server's."""

    @property
    def times_rq(self) -> float:
        """Webhook-to-CRM throughput to that of an empty RQ job for every activity."""
        return self.delivered_per_second / self.floors.forked_jobs_per_second

    @property
    def of_answers(self) -> tuple[float, float]:
        """Single events, and activities of batches, webhook to CRM, to the floor of durable answers."""
        floor = self.floors.answers_per_second or 1.0
        return self.single_per_second / floor, self.delivered_per_second / floor

    @property
    def workers(self) -> int:
        """The most memory that a worker or its job had."""
        return max((size for name, size in self.memory.items() if name.startswith("worker")), default=0)

    def _against(self, way: str) -> float:
        """How much faster than the prototype."""
        mine = {"batched": self.delivered_per_second, "single": self.single_per_second}
        return mine[way] / PROTOTYPE[way]

    def as_json(self) -> dict[str, Any]:
        """Plain values, with the ratios the targets are about."""
        calls = {
            name: {
                phase: asdict(each[name]) | {"ratio": round(each[name].ratio, 3), "filled": round(each[name].filled, 3)}
                for phase, each in (("changed_once", self.changed_once), ("under_load", self.under_load))
            }
            for name in self.changed_once
        }
        plain = asdict(self)
        del plain["changed_once"], plain["under_load"]
        return plain | {
            "score_calls": calls,
            "times_rq": round(self.times_rq, 1),
            "of_durable_answers": {
                way: round(each, 3) for way, each in zip(("single", "batched"), self.of_answers, strict=True)
            },
            "times_prototype": {way: round(self._against(way), 2) for way in PROTOTYPE},
            "worker_memory": self.workers,
            "targets": {name: met for name, _, _, met in self._targets()},
        }

    def table(self) -> Table:
        """For people."""
        table = Table(
            "measured", "figure", "target", "", title=f"{self.activities:,} activities of {self.leads:,} leads"
        )
        for name, figure, target, met in self._targets():
            table.add_row(name, figure, target, "[green]met[/]" if met else "[red]missed[/]")
        table.add_section()
        for name, figure in self._other_figures():
            table.add_row(name, figure, "", "")
        return table

    def _targets(self) -> Iterator[tuple[str, str, str, bool]]:
        times, load = self.times_rq, self.answers_under_load
        yield (
            "webhook to CRM",
            f"{self.delivered_per_second:,.0f} activities/s, {times:,.0f} times RQ's floor",
            f"{_TIMES_RQ} times",
            times >= _TIMES_RQ,
        )
        single, batched = self.of_answers
        answers = f"durable answers ({self.floors.answers_per_second:,.0f}/s)"
        yield (
            "single events, webhook to CRM",
            f"{self.single_per_second:,.0f}/s, {single:.2f} of the {answers}",
            f"≥ {_SINGLE_SHARE:g}",
            single >= _SINGLE_SHARE,
        )
        yield (
            "batches of 100, webhook to CRM",
            f"{batched:.1f} times the {answers}",
            f"≥ {_BATCH_TIMES} times",
            batched >= _BATCH_TIMES,
        )
        for name, each in self.changed_once.items():
            figure = f"{each.calls} for {each.leads:,} changed leads ({each.ratio:.2f} x the least)"
            yield f"score calls to {name}", figure, f"≤ {_MOST_CALLS} x", 0 < each.ratio <= _MOST_CALLS
        for name, each in self.under_load.items():
            figure = f"{each.calls} for {each.writes:,} writes ({each.filled:.2f} x the least)"
            yield f"calls to {name} under load", figure, f"≤ {_MOST_FILLED:g} x", 0 < each.filled <= _MOST_FILLED
        figure = f"p50 {load.p50:.1f} ms, p99 {load.p99:.1f} ms ({load.spread:.1f} x)"
        yield "answers under load", figure, f"p99 ≤ {_MOST_SPREAD:.0f} x p50", load.spread <= _MOST_SPREAD
        for pace, way in self.ways.items():
            half, most = way.times
            figure = f"p50 {half:.1f} x, p99 {most:.1f} x the durable answer's p50 ({way.answers.p50:.1f} ms)"
            wanted = f"≤ {_MOST_WAY[0]:g} x, {_MOST_WAY[1]:g} x"
            met = 0 < half <= _MOST_WAY[0] and most <= _MOST_WAY[1] and not way.missing
            yield f"webhook to CRM, {pace}", figure, wanted, met
        yield (
            "memory of a worker",
            _megabytes(self.workers),
            f"< {_megabytes(_MOST_WORKER)}",
            self.workers < _MOST_WORKER,
        )
        first, most = self.together
        figure = f"{_megabytes(most)} (at first {_megabytes(first)})"
        yield "memory of all and Valkey (PSS)", figure, f"≤ {_megabytes(_MOST_TOGETHER)}", 0 < most <= _MOST_TOGETHER
        yield "scores that stand in the CRMs", f"{self.right:,}", f"{self.leads:,}", self.right == self.leads
        yield "activities stored, once each", f"{self.stored:,}", f"{self.activities:,}", self.stored == self.activities

    def _other_figures(self) -> Iterator[tuple[str, str]]:
        before, after = self.machine_load
        yield "database; load of the machine", f"{self.database}; {before} before, {after} at the end"
        yield "the CRM's own webhooks", "on" if self.webhooks else "off"
        for phase, spent in self.processor_ms.items():
            yield f"processor for an activity, {phase}", f"{spent:.2f} ms"
        yield "prototype, batched", f"{PROTOTYPE['batched']:,} scores/s: this is {self._against('batched'):.2f} x"
        yield "prototype, single events", f"{PROTOTYPE['single']:,} scores/s: this is {self._against('single'):.2f} x"
        single = self.answers_to_singles
        yield "answers to single events", f"p50 {single.p50:.1f} ms, p99 {single.p99:.1f} ms"
        yield "answered", f"{self.answered_per_second:,.0f} activities/s"
        slow = self.answers_at_a_tenth
        yield (
            "answers at a tenth",
            f"p50 {slow.p50:.1f} ms, p99 {slow.p99:.1f} ms at {self.tenth_per_second:,.0f} activities/s",
        )
        for pace, way in self.ways.items():
            record, task = way.records, way.tasks
            figure = (
                f"record p50 {record.p50:.0f}, p99 {record.p99:.0f} ms; task p50 {task.p50:.0f}, p99 {task.p99:.0f} ms"
            )
            yield f"single events, {pace} ({way.per_second:g}/s)", f"{figure}; {way.missing} missing"
        for name, each in self.changed_once.items():
            per = 1_000 * each.calls / max(1, each.leads)
            yield f"{name} calls per 1,000 changed leads", f"{per:.1f}"
        yield "floor: fsynced inserts", f"{self.floors.inserts_per_second:,.0f} deliveries/s"
        forked, plain = self.floors.forked_jobs_per_second, self.floors.plain_jobs_per_second
        yield "floor: an empty RQ job each", f"{forked:,.0f} activities/s ({plain:,.0f} without fork)"
        for name, size in sorted(self.memory.items()):
            yield f"memory of {name}", _megabytes(size)


def _megabytes(size: float) -> str:
    return f"{size / _MEGABYTE:.0f} MB"
