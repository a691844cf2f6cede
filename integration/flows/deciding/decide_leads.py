"""Decide leads: decide anew for every lead to whom something happened or for whom something fell due.

A lead with ten new activities is decided once and written once. What survives a crash: a lead stays dirty until the
transaction that stored its new state, its effects and what is to be written to the CRM (see decision_outcomes.py)
also clears the mark, and only if nobody marked it again meanwhile. A lead that cannot be decided about is set aside,
and the others go on (see isolation.py). Under a new version of the playbook everybody is derived anew (see
rederive.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql

from integration.core.run.pointless import pointless_tasks
from integration.core.run.standing import standing
from integration.flows.base.isolation import Station, Try, isolate
from integration.flows.base.lane import gather
from integration.flows.base.service import Deriving, HasLanes, HasRules, HasWake, Versioned
from integration.flows.deciding import decision_outcomes, rederive
from integration.flows.deciding.decision_outcomes import Deciding
from integration.flows.deciding.decision_plan import Outcome
from integration.flows.delivering import create_people
from integration.flows.delivering.write_decisions import as_fields
from integration.flows.history import load_events
from integration.flows.history.apply_history import Applied, apply
from integration.flows.history.lead_events import History
from integration.flows.people import join_leads
from integration.store.db.json_codec import encode
from integration.store.db.shards import Shard
from integration.store.events import playbook_versions
from integration.store.people import accounts, leads
from integration.store.people.leads import LeadRow
from integration.store.queues import derivation_walk, dirty, lane_shards, leases
from integration.store.queues.dead_letters import Letter
from integration.store.queues.derivation_walk import Walk
from integration.store.queues.leases import Lease
from mappings.model.canonical import Fields, Value
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant

log = structlog.get_logger()


class DecidingLane(Deciding, HasWake, HasLanes, Protocol):
    """What deciding takes in a lane: it wakes those that deliver, and waits where more is likely."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A lead to decide about; `mark` is None for one that is merely due, or derived anew."""

    lead: LeadId
    mark: int | None = None


def waits(conn: Sql, _service: object, shard: Shard, before: Instant, /) -> bool:
    """Whether a shard has leads to decide about since then; those of an unfinished derivation among them."""
    if dirty.take(conn, before, 1, shard) or leads.due(conn, before, 1, shard):
        return True
    version = playbook_versions.current(conn)
    if version is None:
        return False
    walk = derivation_walk.of_shard(derivation_walk.walk(conn, version.number), shard)
    return walk.accounts is None and walk.leads is not None


def decide_batch(service: DecidingLane, lease: Lease, walk: Walk | None = None, *, suspected: bool = True) -> bool:
    """One batch of those who are dirty or due, then one of those to be derived anew; false where there was nobody.

    Each is stored, and delivered, by itself: whoever is new does not wait for those who are derived anew. `walk` is how
    far they are, where that is over; `suspected`, whether the lane has failed at anything before.
    """
    now, shard = service.now(), lease.shard
    if walk is None or not walk.over:
        walk = rederive.walk(service, shard)
    size = rederive.LEADS if walk.over else min(rederive.LEADS, walk.leads_at_once)
    with service.store.read() as conn:
        marks = dirty.take(conn, now, size, shard)
        due = leads.due(conn, now, size - len(marks), shard) if len(marks) < size else []
        if not shard.whole:  # the first shard joins leads
            joined = leads.survivors(conn, [lead for lead, _ in marks])
            marks = [mark for mark in marks if mark[0] not in joined]
    items = {lead: _Item(lead) for lead in due} | {lead: _Item(lead, mark) for lead, mark in marks}
    seconds = _decide(service, lease, items, now, suspected=suspected)
    ids = rederive.leads(service, walk, max(size - len(items), size // 4), shard)
    others = {lead: _Item(lead) for lead in ids if lead not in items}
    again = _decide(service, lease, others, now, suspected=suspected)
    rederive.walked(service, lease, walk, ids, (len(items), seconds), (len(others), again))
    if not ids:
        gather(service.lanes, len(items), full=len(items) >= rederive.LEADS)
    return bool(items or ids)


def _decide(
    service: DecidingLane, lease: Lease, items: Mapping[LeadId, _Item], now: Instant, *, suspected: bool
) -> float:
    """Decide about these leads, and wake those that deliver what follows; how many seconds it took."""
    if not items:
        return 0.0
    began, wanted = service.lanes.monotonic(), set[str]()
    station: Station[_Item] = Station(
        lane="advance",
        name=lambda item: item.lead,
        work=lambda these: wanted.update(_work(service, lease, these, now)),
        lay_aside=lambda conn, item, reason: _lay_aside(conn, service, item, reason),
        lead=lambda item: item.lead,
    )
    isolate(service, lease, station, [items[lead] for lead in sorted(items)], suspected=suspected)
    for lane in sorted(wanted):
        service.wake(lane)
    return service.lanes.monotonic() - began


def _work(service: Deciding, lease: Lease, these: Try[_Item], now: Instant) -> set[str]:
    """Decide for these leads in one transaction; the lanes that have something to deliver.

    Of several shards, one reads what it decides by while it keeps leads from being joined: the transaction that saves
    begins first. The only shard joins leads itself, and nobody waits for its transaction while it decides.
    """
    if lease.shard.whole:
        decided, marks = _decided(service, these.items, now)
        with service.store.write() as conn:
            leases.extend(conn, lease)
            wanted = _save(conn, service, these, decided, marks, now)
    else:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            lane_shards.beside(conn, lease)
            decided, marks = _decided(service, these.items, now)
            wanted = _save(conn, service, these, decided, marks, now)
    log.info("advanced", leads=len(decided))
    return wanted


def _decided(service: Deciding, items: Sequence[_Item], now: Instant) -> tuple[list[Outcome], list[tuple[LeadId, int]]]:
    """What is decided about these leads, and their marks. Reads in a transaction of its own, which sees one moment."""
    marks = [(item.lead, item.mark) for item in items if item.mark is not None]
    with service.store.read() as conn:
        rows, marks = join_leads.apart(leads.get(conn, [item.lead for item in items]), marks)
        past = histories(conn, service, rows, now)
    return [outcome(service, row, past[row.id], now) for row in rows], marks


def _save(  # noqa: PLR0913, PLR0917 - what was decided, and of whom
    conn: Sql,
    service: Deciding,
    these: Try[_Item],
    decided: Sequence[Outcome],
    marks: Sequence[tuple[LeadId, int]],
    now: Instant,
) -> set[str]:
    these.done(conn)
    wanted = decision_outcomes.save(conn, service, decided, now)
    accounts.forget(conn, _otherwise(service, decided))
    dirty.clear(conn, marks)
    return wanted


def _otherwise(service: HasRules, decided: Sequence[Outcome]) -> set[AccountId]:
    """The accounts whose people were as engaged in the past as is known only now, where signals look at that."""
    if all(signal.to != "most_engaged" for signal in service.rules.playbook.account_signals):
        return set()
    again = (each.row for each in decided if each.again and each.row.stage is not None)
    return {row.account_id for row in again if row.account_id and row.version in {None, service.rules.number}}


def _lay_aside(conn: Sql, service: Versioned, item: _Item, reason: str) -> Letter:
    """The lead is left alone until something new is stored for it: it is neither marked nor due."""
    if item.mark is not None:
        dirty.clear(conn, [(item.lead, item.mark)])
    leads.not_due(conn, [item.lead])
    playbook = f"{service.rules.playbook.name} {service.rules.playbook.fingerprint}"
    return Letter(
        stage="advance",
        source="coldframe",
        ref=item.lead,
        payload=encode({"lead": item.lead, "playbook": playbook, "version": service.rules.number}).encode(),
        reason=f"{reason} (playbook {playbook})",
        at=service.now(),
        lead_id=item.lead,
    )


def decide(conn: Sql, service: Deciding, lead_ids: Sequence[LeadId], now: Instant) -> set[str]:
    """Decide for these leads inside the caller's write transaction; the lanes that have something to deliver."""
    rows = leads.get(conn, lead_ids)
    past = histories(conn, service, rows, now)
    return decision_outcomes.save(conn, service, [outcome(service, row, past[row.id], now) for row in rows], now)


def histories(conn: Sql, service: Deriving, rows: Sequence[LeadRow], now: Instant) -> dict[LeadId, History]:
    """What to apply by now for each of these leads, by the version of the rules that the service has."""
    return load_events.load(
        conn, rows, service.ownership, service.rules.vocabulary, version=service.rules.number, now=now
    )


def outcome(service: Deriving, row: LeadRow, past: History, now: Instant) -> Outcome:
    """Go on from the stored state, or from a checkpoint or the beginning when something arrived late."""
    compiled = service.rules.compiled
    before = () if past.state is None or past.base is not None else pointless_tasks(compiled, past.state)
    applied = apply(compiled, row, past, now)
    decision = applied.decision
    where = standing(compiled, decision.state, now)
    fields = as_fields(where, now, service.rules.words)
    return Outcome(
        row=row,
        past=past,
        decision=decision,
        fields=fields,
        saved=_saved(service, applied, fields, past, now),
        asked=None if where.suppressed or where.excluded else create_people.asked(service, past.events),
        answered=[key for key in pointless_tasks(compiled, decision.state) if key not in before],
        former=applied.former,
        kept=applied.kept,
    )


def _saved(service: HasRules, applied: Applied, fields: Fields, past: History, now: Instant) -> leads.SavedLead:
    """What is stored: the lead is due when something happens by itself, or when what waits has to be applied."""
    state, waiting = applied.decision.state, past.waiting
    return leads.SavedLead(
        id=state.lead,
        state=encode(state),
        seen=past.seen,
        due=waiting if state.due is None or (waiting is not None and waiting < state.due) else state.due,
        standing=encode(fields),
        stage=str(fields["stage"]),
        band=str(fields["band"]),
        total=int(str(fields["total"])),
        segment=_word(fields["segment"]),
        track=_word(fields["track"]),
        updated_at=now,
        version=service.rules.number,
        applied=applied.applied,
    )


def _word(value: Value) -> str | None:
    """What a column has of a standing's part."""
    return None if value is None else str(value)
