from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields

from integration.alerting.alert_port import AlertWay
from integration.flows.people_in_sales.raise_alerts import raise_alert
from integration.routing.routing_rules import NO_ROUTING, Routing
from integration.store.db.session import Store
from integration.store.outgoing import alerts
from integration.wiring.whole_service import Service
from mappings.values.instant import Instant, parse

NOW = parse("2026-01-06T09:00:00Z")


@dataclass(frozen=True)
class StoreAndAlerts:
    """What raising an alert takes, and nothing else: no playbook, no CRM, no lane."""

    store: Store
    now: Callable[[], Instant] = lambda: NOW
    alert_ways: Mapping[str, AlertWay] = field(default_factory=dict)
    routing: Routing = NO_ROUTING


def test_a_flow_runs_on_the_parts_that_its_signature_names(store: Store) -> None:
    service = StoreAndAlerts(store)
    with store.write() as conn:
        assert raise_alert(conn, service, key="k", alert="paused", text="hubspot is paused")
        assert not raise_alert(conn, service, key="k", alert="paused", text="hubspot is paused")
        assert [row.key for row in alerts.recent(conn, 10)] == ["k"]


def test_the_whole_service_stays_a_dozen_parts() -> None:
    assert len(fields(Service)) <= 12
