"""Alerts for tests of the flows: somebody who asks and gets no answer, and a receiver."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeAlias

from flows_receiver import SECRET, Receiver
from flows_run import Watch, activity, drain_all, receive

from integration.alerting.signed_webhook import SignedWebhook
from integration.flows.people_in_sales.raise_alerts import raise_alert
from integration.wiring.whole_service import Service
from webhooks.signatures import standard_keys

Drain: TypeAlias = Callable[[Service], int]
ANA, BO = "ana@acme.example", "bo@blue.example"
NAMES = {"handoff", "first_contact_reminder", "first_contact_breach"}
"""What is raised about somebody who asks for a demo and gets no answer for a day."""


@contextmanager
def with_receiver(service: Service, receiver: Receiver) -> Iterator[Service]:
    """The service, with a receiver of alerts."""
    way = SignedWebhook(receiver.url, standard_keys(SECRET), timeout=(1.0, 0.5))
    yield replace(service, alert_ways={way.name: way})
    way.close()


def asked(service: Service, at: Watch, email: str, number: int = 1) -> None:
    """Somebody asks for a demo: a lead for sales, whose clock starts."""
    receive(service, activity(number, email, "demo_request", at()))
    drain_all(service)


def raised(service: Service, *, lead_id: str = "", key: str = "test/1") -> bool:
    with service.store.write() as conn:
        return raise_alert(conn, service, key=key, alert="test", text="something is wrong", lead=lead_id)
