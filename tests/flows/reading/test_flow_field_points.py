"""Points for a field's change in the service: what CRMs' records are when first read gives none, later changes do."""

import pytest
from flows_crms import person
from flows_run import Watch, lead

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import LeadChanged
from integration.core.model.state import newborn
from integration.core.run.apply_events import advance
from integration.core.run.decide import order
from integration.flows.history import load_events
from integration.flows.history.stored_history import recorded
from integration.flows.reading import reconcile
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading import library
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, MINUTE
from sandbox.server import Sandbox

EMAIL = "ana@acme.example"
SYSTEMS = ("hubspot", "salesforce")
ROW = "    pricing: 15\n"
WATCHED = ROW + "    moved: {points: 10, changes: title}\n    told: {points: 10, changes: title, from: unknown}\n"


def watching() -> CompiledPlaybook:
    text = library.text("standard")
    assert ROW in text
    found, problems = compile_text(text.replace(ROW, WATCHED), "ours.yaml")
    assert found is not None, problems
    return CompiledPlaybook.of(found)


@pytest.mark.parametrize("first", SYSTEMS)
def test_a_second_crms_first_reading_is_no_change_and_what_changes_later_is_one(
    service: Service, sandbox: Sandbox, at: Watch, first: str
) -> None:
    records = {}
    for system in (first, *(set(SYSTEMS) - {first})):
        records[system] = person(sandbox, system, EMAIL)
        if system == "hubspot":
            sandbox.hubspot.set("contacts", records[system], {"jobtitle": "Manager of Sales"})
        reconcile.poll(service, system)
        at.forward(DAY)
    assert points(service, at) == []
    sandbox.hubspot.set("contacts", records["hubspot"], {"jobtitle": "Chief of Sales"})
    at.forward(MINUTE)
    reconcile.poll(service, "hubspot")
    assert points(service, at) == ["moved"]


def points(service: Service, at: Watch) -> list[str]:
    """The rules that gave points, by the service's own events, and by those of a backtest."""
    row = lead(service, EMAIL)
    with service.store.read() as conn:
        events = load_events.whole(conn, [row])[row.id]
        told = sorted((each for _, each in recorded(conn) if isinstance(each, LeadChanged)), key=order)
    found = advance(watching(), newborn(row.id), events, at())
    again = advance(watching(), newborn(row.id), told, at())
    rules = [line.rule for line in found.lines if line.axis == "engagement" and line.line == "points"]
    assert rules == [line.rule for line in again.lines if line.axis == "engagement" and line.line == "points"]
    return rules
