"""Advance: decide anew for every lead to whom something happened or for whom something fell due.

A lead with ten new activities is decided once and written once. What survives a crash: a lead stays
dirty until the transaction that stored its new state, its effects and its wishes for the CRM also
clears the mark, and only if nobody marked it again meanwhile. Effects have keys derived from their
causes; a key that is already stored is never carried out again, however often state is re-derived. What lies before
the service was live is stored and not carried out at all (see live.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

import structlog
from sqlalchemy import Connection as Sql

from integration.core import lateness
from integration.core.decide import Decision
from integration.core.effects import (
    AlertRaised,
    Effect,
    Escalated,
    HandoffHeld,
    StageChanged,
    TaskWanted,
    TouchDue,
    TrackChanged,
)
from integration.core.replay import advance as fold
from integration.core.standing import standing
from integration.core.state import newborn
from integration.flows import erasing, histories, joining, live, newcomers, signals
from integration.flows.histories import History
from integration.flows.lane import GATHER, drain
from integration.flows.raise_alerts import lanes as alert_lanes
from integration.flows.raise_alerts import raise_decided
from integration.flows.service import Service
from integration.flows.written import as_fields, as_row, as_task, as_touch
from integration.store import dirty, effects, leads, leases, outbox, references, unrecorded, withdrawn
from integration.store.code import encode
from integration.store.leads import LeadRow
from integration.store.leases import Lease
from integration.store.live import HISTORY
from integration.store.silence import silence
from mappings.canonical import Activity, Fields
from mappings.instant import Instant

log = structlog.get_logger()

BATCH = 200
"""Leads in one transaction."""


def advance(service: Service) -> int:
    """Decide for everybody who is dirty or due."""
    return drain(service, "advance", _turn)


@dataclass(frozen=True, slots=True)
class _Outcome:
    row: LeadRow
    decision: Decision
    fields: Fields
    saved: leads.SavedLead
    whole: bool
    """Whether it was derived from the beginning, so that the decision holds everything that ever followed."""
    asked: Activity | None
    """What they did by which a CRM is to create them, where no CRM knows them and nothing bars it."""


def _turn(service: Service, lease: Lease, /) -> bool:
    now = service.now()
    erasing.carry_out(service, lease)
    joining.settle(service, lease)
    signals.derive(service, lease)
    with service.store.read() as conn:
        marks = dirty.take(conn, now, BATCH)
        due = leads.due(conn, now, BATCH - len(marks)) if len(marks) < BATCH else []
        rows = leads.get(conn, sorted({lead for lead, _ in marks} | set(due)))
        if not marks and not rows:
            return False
        rows, marks = joining.apart(rows, marks)
        past = histories.load(conn, rows, service.ownership, service.vocabulary, now=now)
    outcomes = [_decide(service, row, past[row.id], now) for row in rows]
    with service.store.write() as conn:
        leases.hold(conn, lease, service.lease)
        wanted = _save(conn, service, outcomes, now)
        dirty.clear(conn, marks)
    log.info("advanced", leads=len(outcomes))
    for lane in sorted(wanted):
        service.wake(lane)
    if len(rows) < BATCH:
        service.sleep(GATHER)
    return True


def decide(conn: Sql, service: Service, lead_ids: Sequence[str], now: Instant) -> set[str]:
    """Decide for these leads inside the caller's write transaction; the lanes that have something to deliver."""
    rows = leads.get(conn, lead_ids)
    past = histories.load(conn, rows, service.ownership, service.vocabulary, now=now)
    return _save(conn, service, [_decide(service, row, past[row.id], now) for row in rows], now)


def _decide(service: Service, row: LeadRow, past: History, now: Instant) -> _Outcome:
    """Go on from the stored state, or from the beginning when something arrived late."""
    decision = fold(service.playbook, past.state or newborn(row.id), past.events, now, owned=True)
    where = standing(service.playbook, decision.state, now)
    fields = as_fields(where, now)
    saved = _saved(row.id, decision, fields, past, now)
    asked = None if where.suppressed or where.excluded else newcomers.asked(service, past.events)
    return _Outcome(row, decision, fields, saved, past.state is None, asked)


def _save(conn: Sql, service: Service, outcomes: Sequence[_Outcome], now: Instant) -> set[str]:
    """Store everything that was decided; the lanes that have something to deliver now."""
    leads.save(conn, [outcome.saved for outcome in outcomes])
    decided = [effect for outcome in outcomes for effect in outcome.decision.effects]
    states = {outcome.row.id: outcome.decision.state for outcome in outcomes}
    derived = {each.row.id: [effect.key for effect in each.decision.effects] for each in outcomes if each.whole}
    again = withdrawn.reconsider(conn, derived)
    past = live.history(conn, service, live.since(conn, service, now), decided, states)
    withheld = {**_too_late(conn, decided, now), **dict.fromkeys(past, HISTORY)}
    rows = [as_row(effect, now, withheld.get(effect.key)) for effect in decided]
    new = set(effects.add(conn, rows)) - withheld.keys()
    fresh = [effect for effect in decided if effect.key in new]
    wanted = again | _want_once(conn, service, fresh, now)
    wanted |= silence(conn, _silenced(outcomes, new), now)
    alerted = raise_decided(conn, service, [effect for effect in fresh if isinstance(effect, AlertRaised)])
    changed = [outcome.row.id for outcome in outcomes if _differs(outcome.row.standing, outcome.fields)]
    for name, those in references.met(conn, changed).items():  # who is met there later: see people.people
        if name in service.connections:
            outbox.want_fields(conn, name, those, now)
            wanted.add(name)
    asked = {each.row.id: each.asked for each in outcomes if each.asked is not None}
    wanted |= newcomers.want(conn, service, asked, now)
    held = unrecorded.homes(conn, [outcome.row.id for outcome in outcomes])  # tasks wait until their leads are decided
    wanted |= held & set(service.connections)
    return {f"deliver:{name}" for name in wanted} | set(alert_lanes(service) if alerted else ())


def _too_late(conn: Sql, decided: Sequence[Effect], now: Instant) -> dict[str, str]:
    """Why effects are withheld that would be carried out too late: see the core's lateness."""
    causes = lateness.causes(decided)
    told = dict.fromkeys(causes.intersection(effect.key for effect in decided), now)
    told.update(effects.decided(conn, causes) if causes else {})
    return {effect.key: lateness.TOO_LATE for effect in decided if lateness.too_late(effect, now, told)}


def _silenced(outcomes: Sequence[_Outcome], new: set[str]) -> set[str]:
    """Leads whom nobody is to contact, of whom something was decided just now: that they are, or what is too late."""
    return {
        outcome.row.id
        for outcome in outcomes
        if outcome.fields["stage"] == "suppressed" and any(effect.key in new for effect in outcome.decision.effects)
    }


def _want_once(conn: Sql, service: Service, new: Sequence[Effect], now: Instant) -> set[str]:
    """Tasks go where sales works, touches where marketing does: the first CRM in that order with a record of the lead.

    Where none has one yet, they wait in the first.
    """
    known = references.of_leads(conn, {effect.lead for effect in new})
    wanted: defaultdict[tuple[str, outbox.Kind], list[outbox.NewOnce]] = defaultdict(list)
    for effect in new:
        systems = {reference.system for reference in known.get(effect.lead, ())}
        match effect:
            case TaskWanted() | Escalated():
                home = _home(service.connections, systems)
                wanted[home, "task"].append(
                    outbox.NewOnce(key=effect.key, lead_id=effect.lead, payload=as_task(effect))
                )
            case TouchDue():
                home = _home(reversed(tuple(service.connections)), systems)
                wanted[home, "touch"].append(
                    outbox.NewOnce(key=effect.key, lead_id=effect.lead, payload=as_touch(effect))
                )
            case StageChanged() | TrackChanged() | HandoffHeld() | AlertRaised():
                continue  # a record's fields say the first three; an alert has lanes of its own
            case _:
                assert_never(effect)
    for (home, kind), rows in wanted.items():
        if home:
            outbox.want_once(conn, home, kind, rows, now)
    return {home for home, _ in wanted if home}


def _home(preferred: Iterable[str], systems: set[str]) -> str:
    names = list(preferred)
    return next((name for name in names if name in systems), next(iter(names), ""))


def _differs(before: Fields | None, after: Fields) -> bool:
    return before is None or any(before.get(name) != value for name, value in after.items() if name != "scored_at")


def _saved(lead: str, decision: Decision, fields: Fields, past: History, now: Instant) -> leads.SavedLead:
    """What is stored: the lead is due when something happens by itself, or when what waits has to be folded."""
    due, waiting = decision.state.due, past.waiting
    return leads.SavedLead(
        id=lead,
        state=encode(decision.state),
        seen=past.seen,
        due=waiting if due is None or (waiting is not None and waiting < due) else due,
        standing=encode(fields),
        stage=str(fields["stage"]),
        band=str(fields["band"]),
        total=int(str(fields["total"])),
        updated_at=now,
    )
