"""Load events: what happened to a batch of leads, as the core's events in the core's order, and from where to go on.

What is dated ahead waits until its time has come: the lead falls due then. Where something arrives late, a lead is
derived from a checkpoint before it (see late_events.py), or from the beginning. [rules: time and order] [rules: replay]
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog
from msgspec import MsgspecError
from sqlalchemy import Connection as Sql

from integration.core.model.events import Event
from integration.core.model.state import LeadState
from integration.core.run.decide import order
from integration.core.scoring.machines import marked
from integration.flows.history import counted_changes, late_events
from integration.flows.history.classify_mail import Fresh, machines_marked
from integration.flows.history.late_events import Late
from integration.flows.history.lead_events import History, by_account, by_lead, changes, events_of, until
from integration.store.db.json_codec import decode
from integration.store.events import activities
from integration.store.people import field_changes, leads
from integration.store.people.leads import LeadRow
from mappings.conflicts.field_conflicts import NOBODY, Ownership
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant
from mappings.vocabulary.value import CANONICAL, Vocabulary

log = structlog.get_logger()


def load(  # noqa: PLR0913 - what a history is read with
    conn: Sql,
    rows: Sequence[LeadRow],
    ownership: Ownership = NOBODY,
    vocabulary: Vocabulary = CANONICAL,
    version: int | None = None,
    *,
    now: Instant,
) -> dict[LeadId, History]:
    """What to apply by now for each of these leads, in a handful of statements whatever their number.

    A lead goes on from its state when everything new came later than what it has applied; otherwise, when it joined an
    account, when first values came and when the time of something that waited has come, from a checkpoint before all
    that changes. Where there is none, and when its state was derived under another `version` of the playbook, its whole
    history is read.
    `ownership` says whose word counts of which field, `vocabulary` what activities are. Activities are stored as they
    were sent, so another vocabulary reads them anew.
    """
    states = {row.id: _decoded(row.id, row.state) if row.version == version else None for row in rows}
    deeds = by_lead(activities.fresh(conn, {row.id: row.seen for row in rows}))
    firms: dict[AccountId, int] = {}
    for row in rows:
        if row.account_id:
            firms[row.account_id] = min(row.seen, firms.get(row.account_id, row.seen))
    new = counted_changes.fresh(conn, field_changes.fresh(conn, {row.id: row.seen for row in rows}, firms), ownership)
    about, of_firms = by_lead(new), by_account(new)
    found: dict[LeadId, History] = {}
    again: list[LeadRow] = []
    late: dict[LeadId, Late] = {}
    fresh: dict[LeadId, Fresh] = {}
    for row in rows:
        firm = [
            change for change in (of_firms.get(row.account_id, ()) if row.account_id else ()) if change.seq > row.seen
        ]
        state, mine = states[row.id], about.get(row.id, [])
        events = events_of(row.id, deeds.get(row.id, ()), mine, firm, vocabulary)
        seen = max((each.seq for each in (*deeds.get(row.id, ()), *mine, *firm)), default=row.seen)
        anew = any("account" in change.fields for change in mine) or any(each.initial for each in (*mine, *firm))
        waited = _waited(row, state)
        come = waited is not None and waited <= now
        found[row.id] = until(
            now,
            History(
                state=state,
                events=events,
                seen=max(seen, row.seen),
                applied=row.applied,
                waiting=waited,
                unseen=deeds.get(row.id, ()),
            ),
        )
        if state is None:
            again.append(row)
            continue
        late[row.id] = Late(row=row, history=found[row.id], waited=waited if come else None)
        if events and not (anew or come or order(events[0]) <= tuple(state.watermark or ())):
            fresh[row.id] = Fresh(state=state, seen=row.seen, events=found[row.id].events)
        elif not (anew or come or events):
            del late[row.id]
    apart, taken_back = machines_marked(conn, vocabulary, fresh, now)
    found.update({lead: replace(found[lead], events=events) for lead, events in apart.items()})
    past = [each for lead, each in late.items() if lead not in fresh or lead in taken_back]
    anew_from = late_events.load(conn, past, ownership, vocabulary, now=now)
    found.update(anew_from)
    again += [each.row for each in past if each.row.id not in anew_from]
    for lead, each in _whole(conn, again, found, ownership, vocabulary).items():
        known = until(now, each)
        found[lead] = replace(known, events=marked(vocabulary.machine, known.events))
    return found


def _waited(row: LeadRow, state: LeadState | None) -> Instant | None:
    """When something that waited was to be applied, as far as is known: a lead is due earlier than its state says."""
    if state is None or row.due is None or (state.due is not None and state.due <= row.due):
        return None
    return row.due


def states(conn: Sql, lead_ids: Iterable[LeadId], version: int | None) -> dict[LeadId, LeadState]:
    """The states of those of these leads that were derived under this version of the playbook, and can be read."""
    stored = leads.states(conn, lead_ids, version)
    return {lead: state for lead, text in stored.items() if (state := _decoded(lead, text)) is not None}


def states_of(conn: Sql, lead_ids: Iterable[LeadId]) -> dict[LeadId, LeadState]:
    """The states of these leads under whatever playbook each was last decided, as far as they can be read."""
    rows = leads.get(conn, lead_ids)
    return {row.id: state for row in rows if (state := _decoded(row.id, row.state)) is not None}


def _decoded(lead: LeadId, text: str | None) -> LeadState | None:
    """A stored state; one that cannot be read is derived again from the history, which says the same."""
    if text is None:
        return None
    try:
        return decode(text, LeadState)
    except (MsgspecError, ValueError) as error:
        log.warning("a state cannot be read; the lead is derived anew", lead=lead, error=type(error).__name__)
        return None


def whole(
    conn: Sql, rows: Sequence[LeadRow], ownership: Ownership = NOBODY, vocabulary: Vocabulary = CANONICAL
) -> dict[LeadId, list[Event]]:
    """Everything that ever happened to these leads, in order."""
    return {lead: history.events for lead, history in _whole(conn, rows, {}, ownership, vocabulary).items()}


def _whole(
    conn: Sql, rows: Sequence[LeadRow], known: dict[LeadId, History], ownership: Ownership, vocabulary: Vocabulary
) -> dict[LeadId, History]:
    if not rows:
        return {}
    ids = [row.id for row in rows]
    deeds = by_lead(activities.history(conn, ids))
    began = {lead: min(deed.at for deed in mine) for lead, mine in deeds.items()}
    found = {}
    for lead, (stated, latest) in changes(conn, ids, ownership, began).items():
        mine = deeds.get(lead, ())
        events = sorted((*events_of(lead, mine, (), (), vocabulary), *stated), key=order)
        seen = max(latest, max((deed.seq for deed in mine), default=0))
        before = known.get(lead)
        known_seen, unseen = (before.seen, before.unseen) if before else (0, ())
        found[lead] = History(state=None, events=events, seen=max(seen, known_seen), unseen=unseen)
    return found
