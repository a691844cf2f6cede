"""The metrics for Prometheus: deliveries as they are answered, and the store's own counts."""

from collections.abc import Callable, Iterator

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from integration.store.db.errors import StoreError
from integration.store.overall.store_figures import Numbers
from mappings.values.instant import SECOND, Instant

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

log = structlog.get_logger()

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The figures of one process, in a registry of its own.

    `numbers` gives what was counted in the store, None where nobody has counted yet, and may raise StoreError; what the
    store cannot give is left out, and `coldframe_store_up` says so. Store figures are the same whichever process is
    asked.
    """

    def __init__(self, numbers: Callable[[], Numbers | None], now: Callable[[], Instant]) -> None:
        self._registry = CollectorRegistry()
        self._deliveries = Counter(
            "coldframe_webhook_deliveries", "Webhook requests answered", ("source", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "coldframe_webhook_seconds",
            "Time until a webhook request was answered",
            ("source",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._refused = Counter(
            "coldframe_requests_refused",
            "Requests that were refused before they were looked at",
            ("reason",),
            registry=self._registry,
        )
        self._not_let_in = Counter(
            "coldframe_webhooks_refused",
            "Webhooks that were not let in, by likely cause",
            ("source", "cause"),
            registry=self._registry,
        )
        self._registry.register(_StoreFigures(numbers, now))

    def answered(self, source: str, status: int, seconds: float) -> None:
        """Count one webhook request; `source` is one of our routes, never what a sender wrote."""
        self._deliveries.labels(source, str(status)).inc()
        self._seconds.labels(source).observe(seconds)

    def refused(self, reason: str) -> None:
        """Count a request that did not arrive in time, or for which there was no room."""
        self._refused.labels(reason).inc()

    def not_let_in(self, source: str, cause: str) -> None:
        """Count a webhook that was not genuine; both are words of ours, never what a sender wrote."""
        self._not_let_in.labels(source, cause).inc()

    def render(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry)


class _StoreFigures(Collector):
    def __init__(self, numbers: Callable[[], Numbers | None], now: Callable[[], Instant]) -> None:
        self._numbers = numbers
        self._now = now

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing ahead of time: registering must not ask the store."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What was counted."""
        try:
            numbers = self._numbers()
        except StoreError as error:
            log.warning("the store has no figures", error=str(error))
            yield GaugeMetricFamily("coldframe_store_up", "Whether the store answers", value=0)
            return
        yield GaugeMetricFamily("coldframe_store_up", "Whether the store answers", value=1)
        if numbers is None:
            return
        if numbers.counted_at is not None:
            age = max(0, self._now() - numbers.counted_at) / SECOND
            yield GaugeMetricFamily("coldframe_counted_seconds", "Age of what was counted in the store", value=age)
        yield from _counts(numbers)
        yield _overdue(numbers)
        yield from _calls(numbers)
        yield from _ages(numbers, self._now())


def _counts(numbers: Numbers) -> Iterator[GaugeMetricFamily]:
    stages = GaugeMetricFamily("coldframe_leads", "Leads by stage", labels=("stage",))
    for stage, count in numbers.leads_by_stage.items():
        stages.add_metric((stage or "undecided",), count)
    deliveries = GaugeMetricFamily("coldframe_inbox", "Deliveries by state", labels=("state",))
    for state, count in numbers.inbox.items():
        deliveries.add_metric((state,), count)
    writes = GaugeMetricFamily("coldframe_outbox", "Writes by state", labels=("connection", "kind", "state"))
    for labels, count in numbers.outbox.items():
        writes.add_metric(labels, count)
    letters = GaugeMetricFamily("coldframe_dead_letters", "Sync errors that nobody has replayed", labels=("stage",))
    for stage, count in numbers.dead_letters.items():
        letters.add_metric((stage,), count)
    aside = GaugeMetricFamily("coldframe_set_aside", "Items that a lane could not work, by lane", labels=("lane",))
    for lane, count in numbers.set_aside.items():
        aside.add_metric((lane,), count)
    yield aside
    paused = GaugeMetricFamily("coldframe_paused", "Connections that a person has paused", labels=("connection",))
    for connection in numbers.paused:
        paused.add_metric((connection,), 1)
    yield from (stages, deliveries, writes, letters, paused)
    signed_in = GaugeMetricFamily(
        "coldframe_signed_in", "Whether the CRM takes us, or has signed us out (0)", labels=("connection",)
    )
    for name, live in numbers.signed_in.items():
        signed_in.add_metric((name,), int(live))
    yield signed_in
    yield GaugeMetricFamily(
        "coldframe_leads_to_derive", "Leads still to be derived under the playbook in force", value=numbers.to_derive
    )
    yield GaugeMetricFamily("coldframe_dirty_leads", "Leads waiting for a decision", value=numbers.dirty)
    yield GaugeMetricFamily(
        "coldframe_erased_dropped", "Items that came in about somebody erased, and were dropped", value=numbers.dropped
    )
    words = GaugeMetricFamily("coldframe_unrecognised", "Words sent that no vocabulary has, by kind", labels=("kind",))
    for kind, count in numbers.unrecognised.items():
        words.add_metric((kind,), count)
    yield words
    people = GaugeMetricFamily(
        "coldframe_people_without_record", "People whose tasks or touches wait for a CRM record", labels=("waits",)
    )
    people.add_metric(("task",), numbers.unrecorded.with_tasks)
    people.add_metric(("touch",), numbers.unrecorded.people - numbers.unrecorded.with_tasks)
    yield people
    nobody = GaugeMetricFamily(
        "coldframe_tasks_unassigned", "Tasks that have nobody to go to, by reason", labels=("connection", "reason")
    )
    for each in numbers.unassigned:
        nobody.add_metric((each.connection, each.reason), each.count)
    yield nobody
    yield GaugeMetricFamily("coldframe_refresh", "Records waiting to be read", value=numbers.refresh)


def _overdue(numbers: Numbers) -> GaugeMetricFamily:
    late = GaugeMetricFamily("coldframe_leads_overdue", "Leads whom nobody has answered in time", labels=("clock",))
    for clock, count in numbers.overdue.items():
        late.add_metric((clock,), count)
    return late


def _calls(numbers: Numbers) -> Iterator[GaugeMetricFamily]:
    """What each CRM last said of its day, less what was called since; nothing where it has said nothing."""
    left = GaugeMetricFamily("coldframe_crm_calls_remaining", "Calls left today", labels=("connection",))
    most = GaugeMetricFamily("coldframe_crm_calls_limit", "Calls allowed a day", labels=("connection",))
    for connection, tally in numbers.calls.items():
        known = tally.usage
        if known.daily_limit is not None and known.daily_remaining is not None:
            left.add_metric((connection,), max(0, known.daily_remaining - tally.since))
            most.add_metric((connection,), known.daily_limit)
    yield from (left, most)


def _ages(numbers: Numbers, now: Instant) -> Iterator[GaugeMetricFamily]:
    ages = GaugeMetricFamily("coldframe_oldest_seconds", "Age of the oldest that waits, or 0", labels=("queue",))
    for name, since in (
        ("inbox", numbers.oldest_delivery),
        ("dirty", numbers.oldest_dirty),
        ("outbox", numbers.oldest_outgoing),
        ("record", numbers.unrecorded.tasks_since),
    ):
        ages.add_metric((name,), 0 if since is None else max(0, now - since) / SECOND)
    yield ages
