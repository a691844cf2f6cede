"""How tests hand something to the service and let it work, without processes or a queue between the flows."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from itertools import cycle, islice
from typing import Any

from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.people_in_sales.send_alerts import send_alerts
from integration.flows.reading.refresh import read_records
from integration.store.db.session import Store
from integration.store.events import activities, decided_effects
from integration.store.events.activities import ActivityRow
from integration.store.events.decided_effects import EffectRow
from integration.store.overall import store_figures
from integration.store.overall.store_figures import Numbers
from integration.store.people import leads
from integration.store.people.leads import LeadRow
from integration.store.progress import write_permission
from integration.store.progress.write_permission import WritePermission
from integration.store.queues import dead_letters, inbox
from integration.store.queues.dead_letters import Letter
from integration.wiring.whole_service import Service
from mappings.values.instant import Instant, show

MOST_ROUNDS = 100


class Watch:
    """A clock that stands still until it is set; calling it tells the time, in microseconds."""

    def __init__(self, start: Instant) -> None:
        self.now = start

    def __call__(self) -> Instant:
        return self.now

    def forward(self, span: int) -> None:
        """Let this much time pass at once."""
        self.now += span


def nap(seconds: float) -> None:
    """Sleep, but hardly: what a flow waits for in a test is there already, or comes by the next look."""
    time.sleep(min(seconds, 0.001))


def write_freely(store: Store) -> None:
    """Let a service on this store write, where a new one works in shadow mode; no limit of going live applies."""
    with store.write() as conn:
        write_permission.give(conn, WritePermission(at=0, live_from=0))


def drain_all(service: Service) -> int:
    """Ingest, refresh, advance and deliver until every lane in a row had nothing to do; the number of batches done."""
    lanes = _lanes(service)
    done = quiet = 0
    for lane in islice(cycle(lanes), MOST_ROUNDS * len(lanes)):
        turns = lane()
        done, quiet = done + turns, 0 if turns else quiet + 1
        if quiet == len(lanes):
            return done
    msg = f"the service is still busy after {MOST_ROUNDS} rounds"
    raise AssertionError(msg)


def _lanes(service: Service) -> list[Callable[[], int]]:
    """Every lane of the service in the order in which an activity comes through them; each is drained by a call."""
    return [
        partial(ingest, service),
        *(partial(read_records, service, name) for name in service.connections),
        partial(advance, service),
        *(partial(deliver, service, name) for name in service.connections),
        *(partial(send_alerts, service, way) for way in service.alert_ways),
    ]


def activity(number: object, email: str, kind: str, at: Instant, **properties: Any) -> dict[str, Any]:
    """One item of the activities webhook."""
    return {"id": f"a{number}", "type": kind, "at": show(at), "email": email, "properties": properties}


def receive(service: Service, *items: Mapping[str, Any], source: str = "activities") -> int:
    """Store one delivery as the webhook's door does once its signature is verified; its id."""
    body = json.dumps(items if source == "hubspot" else {"activities": items}).encode()
    return receive_raw(service, body, source=source)


def receive_raw(service: Service, body: bytes, *, source: str = "activities") -> int:
    """As `receive`, with the bytes as they came."""
    with service.store.write() as conn:
        return inbox.add(conn, [(source, {}, body, service.now())])[0]


def lead(service: Service, email: str) -> LeadRow:
    """The one lead with this e-mail, as stored."""
    with service.store.read() as conn:
        (row,) = leads.get(conn, [leads.by_email(conn, [email])[email]])
    return row


def history(service: Service, email: str) -> list[ActivityRow]:
    """What the lead with this e-mail did, as stored."""
    row = lead(service, email)
    with service.store.read() as conn:
        return activities.history(conn, [row.id])


def decided(service: Service, email: str, kind: str) -> list[EffectRow]:
    """The effects of one kind that were decided for the lead with this e-mail."""
    row = lead(service, email)
    with service.store.read() as conn:
        return [effect for effect in decided_effects.history(conn, [row.id]) if effect.kind == kind]


def dead(service: Service) -> list[Letter]:
    """The dead letters that nobody has replayed."""
    with service.store.read() as conn:
        return dead_letters.waiting(conn, 1_000)


def counts(service: Service) -> Numbers:
    """Everything that can be counted."""
    with service.store.read() as conn:
        return store_figures.counts(conn)


def with_parts(service: Service, **flat: Any) -> Service:
    """The service with other values, each put into the part that it belongs to (`holder` into the lanes)."""
    for part in ("rules", "lanes", "new_leads", "keys", "going_live"):
        old = getattr(service, part)
        mine = {field.name: flat.pop(field.name) for field in fields(old) if field.name in flat}
        service = replace(service, **{part: replace(old, **mine)})
    return replace(service, **flat)
