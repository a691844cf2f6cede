"""A service whose tasks are given out by a routing.yaml, and to whom they went."""

from dataclasses import replace

from flows_run import Watch, activity, drain_all, receive

from integration.routing.read_routing import parse
from integration.store.outgoing import unassigned
from integration.store.outgoing.unassigned import Assigned
from integration.wiring.whole_service import Service
from sandbox.server import Sandbox


def routed(service: Service, text: str) -> Service:
    """The service with this routing."""
    routing, problems = parse(text, "routing.yaml", service.rules.playbook)
    assert routing is not None, problems
    return replace(service, routing=routing)


def emails(sandbox: Sandbox) -> dict[str, str]:
    """The e-mail of each of Salesforce's users, by first name."""
    return {str(user["FirstName"]): str(user["Email"]).lower() for user in sandbox.salesforce.people}


def demo(service: Service, at: Watch, email: str, number: int = 1) -> None:
    """Somebody asks for a demo, and everything that can be done is done."""
    receive(service, activity(number, email, "demo_request", at()))
    drain_all(service)


def kept(service: Service) -> list[Assigned]:
    """To whom each task goes, or why it waits, as kept with the effects."""
    with service.store.read() as conn:
        keys = conn.exec_driver_sql("SELECT key FROM effects WHERE assigned IS NOT NULL ORDER BY decided_at, at, key")
        told = unassigned.of_effects(conn, [key for (key,) in keys])
    return list(told.values())
