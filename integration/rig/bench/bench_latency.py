"""Bench latency: how long one event takes from its webhook to its record and its task in the CRM, beside its answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded: the same people every time
from typing import Any

from integration.rig.bench.bench_crowd import Crowd
from integration.rig.bench.bench_sender import Burst, Parcel, signed
from integration.rig.stage.rig import Rig, activity
from mappings.values.instant import Instant

_ASKING = 3
"""Every so many events is a demo request, whose task somebody waits for; the others change a score."""
_LOG_SECONDS = 60
_MILLISECOND = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds until something."""

    p50: float
    p99: float

    @classmethod
    def of(cls, burst: Burst) -> "Latency":
        """The percentiles of a burst's answers."""
        return cls(p50=round(burst.percentile(0.5) * 1e3, 2), p99=round(burst.percentile(0.99) * 1e3, 2))

    @property
    def spread(self) -> float:
        """p99 to p50."""
        return self.p99 / self.p50 if self.p50 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What single events took at one pace: until the durable answer, until their record and their task in the CRM.

    `missing` are records and tasks that never came.
    """

    per_second: float
    events: int
    missing: int
    answers: Latency
    records: Latency
    tasks: Latency

    @property
    def times(self) -> tuple[float, float]:
        """The way to the record, p50 and p99, to the median of the same run's durable answers."""
        answer = self.answers.p50 or 1.0
        return self.records.p50 / answer, self.records.p99 / answer


@dataclass(frozen=True, slots=True)
class Events:
    """Deliveries of one event each, of people who do nothing else; `asking` are those of demo requests."""

    parcels: Sequence[Parcel]
    emails: Mapping[str, str]
    asking: frozenset[str]


def events(running: Rig, crowd: Crowd, count: int, *, name: str, at: Instant) -> Events:
    """So many events, each of somebody else; every third asks for a demo."""
    those = Random(name).sample(sorted(crowd.everybody), min(count, len(crowd.everybody)))  # noqa: S311 - no secret
    named = {f"{name}-{number}": email for number, email in enumerate(those)}
    asking = frozenset(list(named)[::_ASKING])
    parcels = [
        signed(
            running.signer,
            [activity(each, email, "demo_request" if each in asking else "email_click", at, {"campaign": name})],
            delivery=each,
        )
        for each, email in named.items()
    ]
    return Events(parcels, named, asking)


def way(running: Rig, given: Events, burst: Burst, per_second: float) -> Way:
    """What these events took, by the sandbox's log of calls. Call it when nothing is under way any more."""
    records, tasks = _arrivals(running)
    to_record = [_took(burst, each, records.get(email)) for each, email in given.emails.items()]
    to_task = [_took(burst, each, tasks.get(given.emails[each])) for each in sorted(given.asking)]
    return Way(
        per_second=round(per_second, 2),
        events=len(given.parcels),
        missing=sum(each is None for each in (*to_record, *to_task)),
        answers=Latency.of(burst),
        records=_percentiles(to_record),
        tasks=_percentiles(to_task),
    )


def _took(burst: Burst, delivery: str, arrived: int | None) -> float | None:
    begun = burst.begun.get(delivery)
    return None if arrived is None or begun is None else arrived - begun / _MILLISECOND


def _percentiles(took: Sequence[float | None]) -> Latency:
    return Latency.of(Burst(taken=[max(0.0, each) / 1e3 for each in took if each is not None]))


def _arrivals(running: Rig) -> tuple[dict[str, int], dict[str, int]]:
    """When the first write of each person's record came, and their first task, by e-mail; in milliseconds."""
    state = running.ask("state")
    emails = {str(each["id"]): str(each["values"].get("email")) for each in state["hubspot"].get("contacts", ())}
    emails |= {str(each.get("Id")): str(each.get("Email")) for each in state["salesforce"].get("Lead", ())}
    answer = running.session.get(f"{running.sandbox}/_sandbox/log", timeout=_LOG_SECONDS)
    answer.raise_for_status()
    records: dict[str, int] = {}
    tasks: dict[str, int] = {}
    for entry in answer.json()["log"]:
        for about, is_task in _writes(entry["method"], entry["path"], entry["body"]):
            if about in emails:
                (tasks if is_task else records).setdefault(emails[about], entry["at"])
    return records, tasks


def _writes(method: str, path: str, body: Any) -> Iterator[tuple[str, bool]]:
    """The records that one call writes, and those that it makes a task about."""
    if not isinstance(body, dict) or method not in {"POST", "PATCH"}:
        return
    if path.endswith("contacts/batch/update"):
        yield from ((str(each.get("id")), False) for each in body.get("inputs", ()))
    elif path.endswith("tasks/batch/create"):
        for each in body.get("inputs", ()):
            yield from ((str(link["to"]["id"]), True) for link in each.get("associations", ()))
    elif "composite/sobjects" in path:
        for each in body.get("records", ()):
            yield str(each.get("WhoId") or each.get("id") or each.get("Id")), "WhoId" in each
