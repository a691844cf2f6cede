"""Checks after a drill, counted in the sandbox's own records and not in what the flows made of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random  # noqa: TID251 - seeded: the same sample every time
from typing import Any

from sqlalchemy import func, select

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Connection
from integration.flows.history import load_events
from integration.flows.looking.compare_with_crm import alike
from integration.rig.chaos.chaos_expected import expected
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.drill.drill_run import Ground
from integration.store.events import archive
from integration.store.people import leads, record_references
from integration.store.people.leads import LeadRow
from integration.store.people.record_references import PEOPLE
from integration.store.queues import dead_letters
from integration.store.schema.tables import leads as leads_table
from integration.store.schema.tables import outbox as outbox_table
from integration.wiring import build
from mappings.model.canonical import MOVING, Activity
from mappings.translate.translation import outward
from mappings.values.identifiers import LeadId

SAMPLE = 100
"""Leads whose scores are computed again from their whole history."""
_CHUNK = 500
_SHOWN = 5
_OUTCOMES = frozenset({"Connected", "No answer", "Left voicemail"})
_RESPONDED = frozenset({"Registered", "Attended", "Responded"})


def check(ground: Ground, seed: int) -> Finding:
    """Compare the store and the CRMs' records with what the CRMs contain."""
    finding = Finding()
    state = ground.ask("state")
    people = dict(_people(state))
    deeds = dict(_deeds(state))
    rows = _rows(ground)
    _each_lead_once(finding, people, rows)
    _each_activity_once(ground, finding, people, deeds, rows)
    _no_tasks(ground, finding, state)
    _scores(ground, finding, state, rows, Random(f"sample {seed}"))  # noqa: S311 - not cryptography
    return finding


def _people(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """E-mail by the id of each person's record."""
    for one in state["hubspot"]["contacts"]:
        yield one["id"], str(one["values"]["email"]).casefold()
    for kind in ("Lead", "Contact"):
        for one in state["salesforce"][kind]:
            yield one["Id"], str(one["Email"]).casefold()


def _deeds(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The person's record id by the key of everything that somebody did."""
    salesforce, hubspot = state["salesforce"], state["hubspot"]
    for one in salesforce["Task"]:
        told = one.get("CallDisposition") in _OUTCOMES or str(one.get("Subject")).startswith("Reply: ")
        if told and one["IsClosed"] and not one.get("Coldframe_Key__c"):
            yield f"salesforce:Task:{one['Id']}", one["WhoId"]
    for one in salesforce["Event"]:
        yield f"salesforce:Event:{one['Id']}", one["WhoId"]
    for one in salesforce["CampaignMember"]:
        if one["Status"] in _RESPONDED:
            yield f"salesforce:CampaignMember:{one['Id']}", one.get("LeadId") or one.get("ContactId")
    for kind, name in (("calls", "call"), ("meetings", "meeting"), ("emails", "email")):
        for one in hubspot[kind]:
            if one["values"].get("hs_email_direction") != "EMAIL":
                yield f"hubspot:{name}:{one['id']}", one["links"]["contacts"][0]


def _rows(ground: Ground) -> list[LeadRow]:
    with ground.store.read() as conn:
        ids = list(conn.execute(select(leads_table.c.id).where(leads_table.c.merged_into.is_(None))).scalars())
        return [row for start in range(0, len(ids), _CHUNK) for row in leads.get(conn, ids[start : start + _CHUNK])]


def _each_lead_once(finding: Finding, people: Mapping[str, str], rows: Sequence[LeadRow]) -> None:
    times = Counter(row.email for row in rows)
    wanted = set(people.values())
    finding.figures["people in the CRMs"] = len(wanted)
    finding.figures["leads"] = len(rows)
    finding.same("leads more than once", [email for email, n in times.items() if n > 1][:_SHOWN], [])
    finding.same("people who are no lead", sorted(wanted - set(map(str, times)))[:_SHOWN], [])
    finding.same("leads who are nobody", sorted(set(map(str, times)) - wanted)[:_SHOWN], [])


def _each_activity_once(
    ground: Ground,
    finding: Finding,
    people: Mapping[str, str],
    deeds: Mapping[str, str],
    rows: Sequence[LeadRow],
) -> None:
    email = {row.id: row.email for row in rows}
    found: dict[str, str | None] = {}
    with ground.store.read() as conn:
        for row in archive.activities(conn):
            found[row.key] = email.get(LeadId(str(row.lead_id)))
    finding.figures["activities in the CRMs"] = len(deeds)
    finding.figures["activities stored"] = len(found)
    finding.same("activities lost", sorted(set(deeds) - set(found))[:_SHOWN], [])
    finding.same("activities doubled or invented", sorted(set(found) - set(deeds))[:_SHOWN], [])
    alien = [key for key, record in deeds.items() if key in found and found[key] != people.get(record)]
    finding.same("activities of somebody else", alien[:_SHOWN], [])


def _no_tasks(ground: Ground, finding: Finding, state: Mapping[str, Any]) -> None:
    ours = [one["Id"] for one in state["salesforce"]["Task"] if one.get("Coldframe_Key__c")]
    ours += [one["id"] for one in state["hubspot"]["tasks"] if one["values"].get("coldframe_key")]
    with ground.store.read() as conn:
        wanted: dict[str, int] = dict(
            conn.execute(select(outbox_table.c.kind, func.count()).group_by(outbox_table.c.kind)).all()
        )
        finding.same("tasks wanted", wanted.get("task", 0), 0)
        finding.figures["touches due since the sync began"] = wanted.get("touch", 0)  # tracks go on where they stand
        finding.same("dead letters", [letter.reason for letter in dead_letters.waiting(conn, _SHOWN)], [])
    finding.figures["tasks in the CRMs"] = len(ours)
    finding.same("tasks in the CRMs", ours[:_SHOWN], [])


def _scores(
    ground: Ground, finding: Finding, state: Mapping[str, Any], rows: Sequence[LeadRow], chance: Random
) -> None:
    """Every record holds its lead's standing; of a sample, the standing is what the history comes to."""
    connections = build.connections(ground.settings, None)
    records = {("hubspot", "contact", one["id"]): one["values"] for one in state["hubspot"]["contacts"]}
    for kind in ("Lead", "Contact"):
        records |= {("salesforce", kind, one["Id"]): one for one in state["salesforce"][kind]}
    for start in range(0, len(rows), _CHUNK):
        some = rows[start : start + _CHUNK]
        with ground.store.read() as conn:
            known = record_references.of_leads(conn, [row.id for row in some])
        for row in some:
            for system, connection in connections.items():
                those = (each for each in known.get(row.id, ()) if each.connection == system and each.object in PEOPLE)
                mine = next(those, None)
                if mine is not None:
                    held = records.get((system, mine.object, mine.external_id))
                    _written(finding, connection, row, mine.object, held)
    playbook = build.playbook(ground.settings.playbook, ground.settings.vocabulary)
    compiled = CompiledPlaybook.of(playbook)
    sample = chance.sample(list(rows), min(SAMPLE, len(rows)))
    with ground.store.read() as conn:
        past = load_events.whole(conn, sample, vocabulary=playbook.vocabulary)
    for row in sample:
        at = int(str((row.standing or {}).get("scored_at", 0)))
        fields = {name: value for name, value in (row.standing or {}).items() if name not in MOVING}
        finding.same(f"standing of {row.id}", fields, dict(expected(compiled, row.id, past[row.id], at).fields))
        finding.figures["leads scored again"] += 1
        finding.figures["with something they did"] += any(isinstance(event, Activity) for event in past[row.id])
    for connection in connections.values():
        connection.connector.close()


def _written(
    finding: Finding, connection: Connection, row: LeadRow, name: str, record: Mapping[str, Any] | None
) -> None:
    if record is None:
        finding.differences.append(f"{row.id} has no {name}")
        return
    wanted = outward(connection.mapping, name, row.standing or {})
    quiet = connection.mapping.quiet
    wrong = [field for field, value in wanted.items() if field not in quiet and not alike(record.get(field), value)]
    finding.figures["records compared"] += 1
    if wrong and len(finding.differences) < _SHOWN * _SHOWN:
        finding.differences.append(f"{row.id} in {connection.name}: {', '.join(wrong)} not as decided")
