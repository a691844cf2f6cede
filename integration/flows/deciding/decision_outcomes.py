"""Decision outcomes: stores what was decided about a batch of leads in one transaction.

Effects have keys derived from their causes; a key that is already stored is never carried out again, however often
state is re-derived. What lies before the service was live (history_or_live.py), what a changed playbook finds in the
past (playbook_changes.py) and what comes too late is stored and not carried out at all.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol, assert_never

from sqlalchemy import Connection as Sql

from integration.core.model import effect_keys
from integration.core.model.effects import (
    AlertRaised,
    Effect,
    Escalated,
    HandoffDelayed,
    StageChanged,
    TaskWanted,
    TouchDue,
    TrackChanged,
)
from integration.core.run import lateness
from integration.flows.base import history_or_live
from integration.flows.base.service import Derived, HasAlerts, HasCrms, HasGoingLive
from integration.flows.deciding import demo_requests
from integration.flows.deciding.alert_tasks import tasks_of
from integration.flows.deciding.decision_plan import Outcome, plan
from integration.flows.deciding.playbook_changes import Handover
from integration.flows.delivering import create_people
from integration.flows.delivering.joining import standing_tasks
from integration.flows.delivering.write_decisions import as_row, as_task, as_touch, home
from integration.flows.levels.late_notes import with_whose_time
from integration.flows.levels.record_runs import Decided, record_runs
from integration.flows.people_in_sales.raise_alerts import lanes as alert_lanes
from integration.flows.people_in_sales.raise_alerts import raise_decided
from integration.store.db.session import serialise
from integration.store.events import activities, decided_effects, superseded_entries
from integration.store.events.activities import NewActivity
from integration.store.events.decided_effects import EffectRow
from integration.store.outgoing import outbox, people_without_records, pointless_tasks, withdrawn_effects
from integration.store.outgoing.suppressed_effects import silence
from integration.store.outgoing.withdrawn_effects import Led
from integration.store.overall import live_values
from integration.store.people import checkpoints, leads, record_references
from integration.store.queues import dirty
from mappings.model.canonical import MOVING, Fields
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant


class Deciding(Derived, HasGoingLive, HasAlerts, Protocol):
    """What deciding takes: what states are computed with, and where the outcome goes."""


def save(conn: Sql, service: Deciding, outcomes: Sequence[Outcome], now: Instant) -> set[str]:
    """Store everything that was decided; the lanes that have something to deliver now."""
    leads.save(conn, [outcome.saved for outcome in outcomes])
    checkpoints.keep(conn, [outcome.kept for outcome in outcomes])
    again = withdrawn_effects.reconsider(conn, {each.row.id: _led(each) for each in outcomes if each.again})
    values = live_values.load(conn)
    live, free = history_or_live.since(conn, service, now, values), max(now, values.next_handover)
    made = plan(conn, service, outcomes, live, free, now)
    if made.handed.tasks:
        serialise(conn, "handover")  # other shards, and whoever goes live, hand over at the same pace
        if (later := max(now, live_values.load(conn).next_handover)) != free:
            made = plan(conn, service, outcomes, live, later, now)
        made.handed.keep(conn, now)
    known = decided_effects.known(conn, [each.key for each in made.decided])  # most are, of who is derived anew
    number = service.rules.number
    again |= withdrawn_effects.reconsider(conn, _led_to_again(outcomes, known))
    rows = [as_row(each, now, made.withheld.get(each.key), number) for each in made.decided if each.key not in known]
    new = set(decided_effects.add(conn, rows))
    entries = {each.row.id: _entries(each, made.withheld, number, now) for each in outcomes}
    former = {each.row.id: _led(each).former for each in outcomes if each.again}
    superseded_entries.follow(conn, {lead: entries[lead] for lead in former}, number, former)
    superseded_entries.move(
        conn, [row for lead in entries.keys() - former.keys() for row in entries[lead].values() if row.key in known]
    )
    _note_unmade(conn, [each for each in made.decided if each.key in new], made.withheld, now)
    those = [Decided(each.row.id, each.decision, each.former, whole=each.whole) for each in outcomes]
    record_runs(conn, service.rules.compiled.dispatch, those, made.withheld, now)
    fresh = [effect for effect in made.decided if effect.key in new - made.withheld.keys()]
    wanted = again | _want_once(conn, service, fresh, made.handed.tasks, now)
    alerts = [effect for effect in fresh if isinstance(effect, AlertRaised)]
    alerted = raise_decided(conn, service, with_whose_time(conn, service, alerts, now))
    tasks = tasks_of(service, alerted, now)
    fresh_tasks = set(decided_effects.add(conn, [as_row(each, now, None, number) for each in tasks]))
    wanted |= _want_once(conn, service, [each for each in tasks if each.key in fresh_tasks], {}, now)
    demo_requests.overtaken(conn, service, fresh)
    wanted |= demo_requests.hand_over(conn, service, outcomes, now)
    if not service.going_live.shadow:
        wanted |= standing_tasks.join(conn, {each.row.id: each.decision.state for each in outcomes if each.again}, now)
    wanted |= silence(conn, _silenced(outcomes, {effect.key for effect in fresh}), now)
    wanted |= pointless_tasks.answered(conn, {each.row.id: each.answered for each in outcomes}, now)
    wanted |= _want_fields(conn, service, outcomes, now)
    asked = {each.row.id: each.asked for each in outcomes if each.asked is not None}
    wanted |= create_people.want(conn, service, asked, now)
    # Tasks wait until their leads are decided.
    held = people_without_records.homes(conn, [outcome.row.id for outcome in outcomes])
    wanted |= held & set(service.connections)
    return {f"deliver:{name}" for name in wanted} | set(alert_lanes(service) if alerted else ())


def _entries(outcome: Outcome, withheld: Mapping[str, str], version: int | None, now: Instant) -> dict[str, EffectRow]:
    """The entries of stages and tracks that a decision leads to, as they are stored."""
    return {
        effect.key: as_row(effect, now, withheld.get(effect.key), version)
        for effect in outcome.decision.effects
        if isinstance(effect, StageChanged | TrackChanged)
    }


def _note_unmade(conn: Sql, new: Sequence[Effect], withheld: Mapping[str, str], now: Instant) -> None:
    """An escalation that comes too late is nobody's: the lead's history says so, or it would wait for its closing."""
    facts = [
        NewActivity(
            key=f"unmade:{each.key}",
            lead_id=each.lead,
            at=now,
            type="task_closed",
            properties={"task": effect_keys.cause(each.key)},
            source="coldframe",
        )
        for each in new
        if isinstance(each, Escalated) and withheld.get(each.key) == lateness.TOO_LATE
    ]
    if facts:
        dirty.mark(conn, sorted({LeadId(str(each.lead_id)) for each in facts}), now)
        activities.add(conn, facts)


def _led(outcome: Outcome) -> Led:
    """What a lead's history leads to, as far as it was derived again."""
    former = None if outcome.former is None else [effect.key for effect in outcome.former.effects]
    return Led([effect.key for effect in outcome.decision.effects], former)


def _led_to_again(outcomes: Sequence[Outcome], known: set[str]) -> dict[LeadId, Led]:
    """What new activities lead to of what was decided once already: it may have been taken back since."""
    keys = {each.row.id: [effect.key for effect in each.decision.effects if effect.key in known] for each in outcomes}
    return {each.row.id: Led(keys[each.row.id], ()) for each in outcomes if not each.again and keys[each.row.id]}


def _silenced(outcomes: Sequence[Outcome], new: set[str]) -> set[LeadId]:
    """Leads whom nobody is to contact, of whom something was decided just now: that they are, or what is too late."""
    return {
        outcome.row.id
        for outcome in outcomes
        if outcome.fields["stage"] == "suppressed" and any(effect.key in new for effect in outcome.decision.effects)
    }


def _want_once(
    conn: Sql, service: Derived, new: Sequence[Effect], handed: Mapping[str, Handover], now: Instant
) -> set[ConnectionName]:
    """Tasks go where sales works, touches where marketing does: the first CRM in that order with a record of the lead.

    Where none has one yet, they wait in the first. A handover waits for its time.
    """
    known = record_references.of_leads(conn, {effect.lead for effect in new})
    channels = service.rules.playbook.channels
    wanted: defaultdict[tuple[ConnectionName | None, outbox.Kind], list[outbox.NewOnce]] = defaultdict(list)
    for effect in new:
        names = {reference.connection for reference in known.get(effect.lead, ())}
        match effect:
            case TaskWanted() | Escalated():
                where = home(service.connections, names)
                begins = handed[effect.key].at if effect.key in handed else 0
                task = outbox.NewOnce(key=effect.key, lead_id=effect.lead, payload=as_task(effect), not_before=begins)
                wanted[where, "task"].append(task)
            case TouchDue():
                where = home(reversed(tuple(service.connections)), names)
                wanted[where, "touch"].append(
                    outbox.NewOnce(key=effect.key, lead_id=effect.lead, payload=as_touch(effect, channels=channels))
                )
            case StageChanged() | TrackChanged() | HandoffDelayed() | AlertRaised():
                continue  # a record's fields say the first three; an alert has lanes of its own
            case _:
                assert_never(effect)
    for (where, kind), rows in wanted.items():
        if where:
            outbox.want_once(conn, where, kind, rows, now)
    return {where for where, _ in wanted if where is not None}


def _want_fields(conn: Sql, service: HasCrms, outcomes: Sequence[Outcome], now: Instant) -> set[ConnectionName]:
    """Where somebody stands elsewhere now, every CRM that knows them gets it; the connections."""
    wanted: set[ConnectionName] = set()
    changed = [outcome.row.id for outcome in outcomes if _differs(outcome.row.standing, outcome.fields)]
    for name, those in record_references.met(conn, changed).items():  # who is met there later: see people.people
        if name in service.connections:
            outbox.want_fields(conn, name, those, now)
            wanted.add(name)
    return wanted


def _differs(before: Fields | None, after: Fields) -> bool:
    return before is None or any(before.get(name) != value for name, value in after.items() if name not in MOVING)
