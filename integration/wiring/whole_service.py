"""Whole service: every part that any flow is given, in one value. Only wiring makes it, and no flow can import it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from integration.alerting.alert_port import AlertWay
from integration.flows.base.service import Connection, GoingLive, Keys, Lanes, NewLeads, Retention, Rules
from integration.routing.routing_rules import NO_ROUTING, Routing
from integration.store.db.session import Store
from mappings.conflicts.field_conflicts import Ownership, ownership
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """All parts; each flow names those that it takes (see integration/flows/base/service.py)."""

    store: Store
    now: Callable[[], Instant]
    connections: Mapping[ConnectionName, Connection]
    rules: Rules
    wake: Callable[[str], None]
    lanes: Lanes
    new_leads: NewLeads
    keys: Keys = field(default_factory=Keys)
    going_live: GoingLive = field(default_factory=GoingLive)
    retention: Retention = field(default_factory=Retention)
    alert_ways: Mapping[str, AlertWay] = field(default_factory=dict)
    routing: Routing = NO_ROUTING

    @property
    def ownership(self) -> Ownership:
        """Who owns which fields, by the connections' mappings."""
        return ownership(connection.mapping for connection in self.connections.values())
