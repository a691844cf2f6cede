"""Checks the sandbox's CRMs: every lead's standing in its record, every decided task once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from integration.flows.base.service import Connection
from integration.rig.chaos.chaos_expected import Expected
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.stage.rig import Rig
from integration.store.assigning import carried_tasks
from integration.store.events.decided_effects import EffectRow
from integration.store.people import record_references
from integration.store.people.record_references import PEOPLE, Reference
from integration.wiring import build
from mappings.translate.translation import outward
from mappings.values.identifiers import LeadId

_TASKS = ("task", "escalation")


def compare(running: Rig, finding: Finding, found: Mapping[LeadId, Expected], decided: Sequence[EffectRow]) -> None:
    """Compare the sandbox's records and tasks with what was expected."""
    connections = build.connections(running.settings, None)
    with running.store.read() as conn:
        known = record_references.of_leads(conn, list(found))
    records = _records(running)
    for lead, mine in known.items():
        for name, connection in connections.items():
            reference = next((one for one in mine if one.connection == name and one.object in PEOPLE), None)
            if reference is not None:
                _same_record(finding, connection, reference, records, found[lead])
    _same_tasks(running, finding, found, decided, set(known))


def _records(running: Rig) -> dict[tuple[str, str, str], Mapping[str, Any]]:
    state = running.ask("state")
    records = {("hubspot", "contact", one["id"]): one["values"] for one in state["hubspot"]["contacts"]}
    for kind in ("Lead", "Contact"):
        records |= {("salesforce", kind, one["Id"]): one for one in state["salesforce"].get(kind, ())}
    return records


def _same_record(
    finding: Finding,
    connection: Connection,
    reference: Reference,
    records: Mapping[tuple[str, str, str], Mapping[str, Any]],
    wanted: Expected,
) -> None:
    address = (reference.connection, reference.object, reference.external_id)
    record = records.get(address)
    if record is None:
        finding.differences.append(f"{address} is not in the CRM")
        return
    finding.figures["records compared"] += 1
    for name, value in outward(connection.mapping, reference.object, wanted.fields).items():
        if name not in connection.mapping.quiet:
            finding.same(f"{name} of {'/'.join(address)}", _plain(record.get(name)), _plain(value))


def _plain(value: Any) -> str:
    """A value alike for both CRMs: numbers shortest, nothing as the empty text."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _same_tasks(
    running: Rig,
    finding: Finding,
    found: Mapping[LeadId, Expected],
    decided: Sequence[EffectRow],
    reachable: set[str],
) -> None:
    """One task in the CRMs per decided key whose lead has a record, or that which it joined; one handoff per MQL."""
    times = Counter(str(task["key"]) for task in running.tasks() if task["key"])
    wanted = {effect.key: effect.lead_id for effect in decided if effect.kind in _TASKS and effect.withheld is None}
    with running.store.read() as conn:
        joined = carried_tasks.joined(conn, wanted)
    carriers = {key: (joined[key].by if key in joined else "") or key for key in wanted}
    due = {carriers[key] for key, lead in wanted.items() if lead in reachable}
    finding.figures["tasks in the CRMs"] = sum(times.values())
    finding.same("tasks written more than once", {key: n for key, n in times.items() if n > 1}, {})
    finding.same("tasks decided and not written", sorted(due - set(times)), [])
    finding.same("tasks written and never decided", sorted(set(times) - set(wanted)), [])
    decided_handoffs = Counter(effect.lead_id for effect in decided if _is_handoff(effect))
    for lead, each in found.items():
        finding.same(f"handoffs decided for {lead}", decided_handoffs[lead], len(each.handoffs))
        if lead in reachable and each.handoffs:
            handoffs = {carriers.get(key, key) for key in each.handoffs}
            written = sum(times[key] for key in handoffs)
            finding.same(f"handoff tasks of {lead}", written, len(handoffs))
            finding.figures["handoff tasks"] += written
            finding.figures["MQLs with a record"] += 1


def _is_handoff(effect: EffectRow) -> bool:
    return effect.kind == "task" and effect.payload.get("play") == "handoff"
