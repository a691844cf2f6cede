"""Checks after the kills, recomputed from what was sent and not from what the flows made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection as Sql
from sqlalchemy import select, text

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.rules.playbook_rules import Playbook
from integration.flows.history import load_events
from integration.rig.chaos import chaos_crms
from integration.rig.chaos.chaos_expected import Expected, derived, expected
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.stage.rig import Rig
from integration.store.events import activities, decided_effects
from integration.store.events.activities import ActivityRow
from integration.store.events.decided_effects import EffectRow
from integration.store.overall import store_figures
from integration.store.people import leads
from integration.store.people.leads import LeadRow
from integration.store.queues import dead_letters, inbox
from integration.store.schema.tables import leads as leads_table
from integration.wiring import build
from mappings.conflicts.field_conflicts import Ownership
from mappings.model.canonical import MOVING, Activity
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant, parse

SOURCE = "activities"
_UNHURRIED = text("SET LOCAL idle_in_transaction_session_timeout = 0")
"""A busy machine may take longer to read what one statement found than a worker may sit in a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """Everything the service stored, as of one moment."""

    rows: Sequence[LeadRow]
    activities: Mapping[str, ActivityRow]
    told: Mapping[LeadId, Sequence[Any]]
    effects: Sequence[EffectRow]
    by_email: Mapping[str, LeadId]


def check(running: Rig, answered: Mapping[str, Mapping[str, Any]], now: Instant) -> Finding:
    """Compare the store and the CRMs with what follows from the activities that were answered with 2xx."""
    finding = Finding()
    playbook = build.playbook(running.settings.playbook, running.settings.vocabulary)
    emails = {str(item["email"]).casefold() for item in answered.values()}
    with running.store.read() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(_UNHURRIED)
        _nothing_waits(conn, finding)
        stored = _read(conn, emails, build.ownership(running.settings, running.store))
    sent = [_recognised(playbook, each) for each in _sent(finding, answered, stored)]
    found = {each.lead: each for each in _recomputed(playbook, finding, stored, sent, now)}
    _same_standing(finding, stored.rows, found)
    _same_effects(finding, stored.effects, found)
    chaos_crms.compare(running, finding, found, stored.effects)
    finding.figures["leads compared"] = len(found)
    finding.figures["activities stored"] = sum(row.source == SOURCE for row in stored.activities.values())
    return finding


def _nothing_waits(conn: Sql, finding: Finding) -> None:
    found = store_figures.counts(conn)
    finding.same("deliveries waiting", found.inbox["new"], 0)
    finding.same("deliveries set aside", found.inbox["dead"], 0)
    finding.same("dead letters", [letter.reason for letter in dead_letters.waiting(conn, 20)], [])
    finding.figures["deliveries stored"] = sum(inbox.counts(conn).values())


def _read(conn: Sql, emails: set[str], ownership: Ownership) -> _Stored:
    ids = list(conn.execute(select(leads_table.c.id).order_by(leads_table.c.id)).scalars())
    rows = leads.get(conn, ids)
    told = {
        lead: [event for event in events if not isinstance(event, Activity)]
        for lead, events in load_events.whole(conn, rows, ownership).items()
    }
    return _Stored(
        rows=rows,
        activities={row.key: row for row in activities.history(conn, ids)},
        told=told,
        effects=decided_effects.history(conn, ids),
        by_email=leads.by_email(conn, emails),
    )


def _sent(finding: Finding, answered: Mapping[str, Mapping[str, Any]], stored: _Stored) -> list[Activity]:
    """The activities that were answered, as the core's values, each looked up in the store."""
    sent: list[Activity] = []
    for number, item in answered.items():
        key = f"{SOURCE}:{number}"
        lead = stored.by_email.get(str(item["email"]).casefold(), "")
        properties = {name: value for name, value in item["properties"].items() if value is not None}
        activity = Activity(id=key, lead=lead, at=parse(item["at"]), type=item["type"], properties=properties)
        sent.append(activity)
        row = stored.activities.get(key)
        if row is None:
            finding.differences.append(f"{key} was answered and is not stored")
        else:
            wanted = (activity.lead, activity.at, activity.type, activity.properties)
            finding.same(key, (row.lead_id, row.at, row.type, dict(row.properties)), wanted)
    known = {activity.id for activity in sent}
    alien = [key for key, row in stored.activities.items() if row.source == SOURCE and key not in known]
    finding.same("activities that nobody was answered for", alien, [])
    return sent


def _recognised(playbook: Playbook, activity: Activity) -> Activity:
    kind, properties = playbook.vocabulary.recognised(activity.type, activity.properties)
    return activity._replace(type=kind, properties=properties)


def _recomputed(
    playbook: Playbook, finding: Finding, stored: _Stored, sent: Sequence[Activity], now: Instant
) -> list[Expected]:
    homes = {row.id: row.account_id for row in stored.rows if row.account_id}
    compiled = CompiledPlaybook.of(playbook)
    shared = derived(compiled, sent, homes)
    known = {key for key, row in stored.activities.items() if row.derived}
    finding.same("derived activities", sorted(known), sorted(each.id for each in shared))
    finding.figures["derived activities"] = len(shared)
    mine: dict[str, list[Activity]] = {row.id: [] for row in stored.rows}
    for activity in (*sent, *shared):
        if activity.lead in mine:
            mine[activity.lead].append(activity)
    return [expected(compiled, row.id, [*stored.told[row.id], *mine[row.id]], now) for row in stored.rows]


def _same_standing(finding: Finding, rows: Sequence[LeadRow], found: Mapping[LeadId, Expected]) -> None:
    for row in rows:
        standing = {name: value for name, value in (row.standing or {}).items() if name not in MOVING}
        finding.same(f"standing of {row.id}", standing, found[row.id].fields)


def _same_effects(finding: Finding, stored: Sequence[EffectRow], found: Mapping[LeadId, Expected]) -> None:
    """Every effect that follows was decided. More may have been: what a late activity overtook is not undone."""
    keys = {effect.key for effect in stored}
    wanted = {key for each in found.values() for key in each.effects}
    finding.same("effects that were never decided", sorted(wanted - keys), [])
    finding.figures["effects"] = len(keys)
    finding.figures["effects overtaken"] = len(keys - wanted)
    finding.figures["MQLs"] = sum(1 for each in found.values() if each.handoffs)
