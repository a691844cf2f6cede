"""Late events: where something arrives late, a lead is derived from its last checkpoint before all that changes.

What changes is what is new, what a machine did as judged beside it, and the changes of fields that count otherwise
because of it (a first value counts from before everything). Field changes are few, so all of them are read, and
compared with what counted before; of activities, only those after the checkpoint are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import NamedTuple

import structlog
from msgspec import MsgspecError
from sqlalchemy import Connection as Sql

from integration.core.compiled.context import NEVER
from integration.core.model.events import Event
from integration.core.model.state import LeadState
from integration.core.run.decide import order
from integration.core.scoring.machines import marked, reach
from integration.flows.history.lead_events import (
    Base,
    History,
    by_lead,
    counted,
    events_of,
    field_events,
    joined,
    stated,
    until,
)
from integration.store.db.json_codec import decode
from integration.store.events import activities
from integration.store.events.activities import ActivityRow
from integration.store.people import checkpoints
from integration.store.people.checkpoints import Reached
from integration.store.people.leads import LeadRow
from mappings.conflicts.field_conflicts import Ownership
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant
from mappings.vocabulary.value import Vocabulary

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A lead of which something arrived late: its row, what is new, and since when something waited that has come."""

    row: LeadRow
    history: History
    waited: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """The changes of a lead's fields by all that is known, and by what was known before, in order."""

    now: Sequence[Event]
    before: Sequence[Event]
    seen: int
    """The highest number among them."""


def load(
    conn: Sql,
    late: Sequence[Late],
    ownership: Ownership,
    vocabulary: Vocabulary,
    *,
    now: Instant,
) -> dict[LeadId, History]:
    """What to apply to which checkpoint of these leads; those are absent that have none before what changes."""
    places = checkpoints.places(conn, [each.row.id for each in late]) if late else {}
    those = [each for each in late if each.row.id in places]
    if not those:
        return {}
    back, ahead = reach(vocabulary.machine)
    rules = _Rules(vocabulary, now)
    changes = _changes(conn, those, ownership)
    chosen: dict[LeadId, Reached] = {}
    for each in those:
        first = _first(each, changes[each.row.id]) - ahead
        before = [one for one in places[each.row.id] if one.place[0] < first]
        if before:
            chosen[each.row.id] = before[-1]
    states = _states(conn, chosen)
    deeds = by_lead(activities.since(conn, {lead: chosen[lead].place[0] - back for lead in states}) if states else ())
    return {
        each.row.id: _history(each, state, chosen[each.row.id], deeds.get(each.row.id, ()), changes[each.row.id], rules)
        for each in those
        if (state := states.get(each.row.id)) is not None
    }


class _Rules(NamedTuple):
    """By what events are read, and until when they are applied."""

    vocabulary: Vocabulary
    now: Instant


def _changes(conn: Sql, late: Sequence[Late], ownership: Ownership) -> dict[LeadId, _Change]:
    ids = [each.row.id for each in late]
    everything, since = stated(conn, ids), activities.first(conn, ids)
    heard = counted(everything.accounts, ownership)
    found: dict[LeadId, _Change] = {}
    for each in late:
        lead, seen, first = each.row.id, each.row.seen, since.get(each.row.id)
        mine = everything.leads.get(lead, ())
        firms = {account: everything.accounts.get(account, ()) for account in joined(mine)}
        known = {account: [one for one in rows if one.seq <= seen] for account, rows in firms.items()}
        before = field_events([one for one in mine if one.seq <= seen], counted(known, ownership), ownership, first)
        found[lead] = _Change(
            now=sorted(field_events(mine, heard, ownership, first), key=order),
            before=sorted(before, key=order),
            seen=max((one.seq for rows in (mine, *firms.values()) for one in rows), default=0),
        )
    return found


def _first(late: Late, change: _Change) -> Instant:
    """When the first thing happened that is known otherwise than before."""
    times = [row.at for row in late.history.unseen]
    times += [] if late.waited is None else [late.waited]
    for one, other in zip_longest(change.now, change.before):
        if one != other:
            times += [each.at for each in (one, other) if each is not None]
            break
    return min(times, default=NEVER)


def _states(conn: Sql, chosen: Mapping[LeadId, Reached]) -> dict[LeadId, LeadState]:
    """The states of these checkpoints; one that cannot be read is as good as none."""
    stored = checkpoints.states(conn, {lead: each.number for lead, each in chosen.items()})
    found: dict[LeadId, LeadState] = {}
    for lead, text in stored.items():
        try:
            found[lead] = decode(text, LeadState)
        except (MsgspecError, ValueError) as error:
            log.warning("a checkpoint cannot be read; the lead is derived anew", lead=lead, error=type(error).__name__)
    return found


def _history(  # noqa: PLR0913, PLR0917 - what a history is made of
    late: Late, state: LeadState, reached: Reached, deeds: Sequence[ActivityRow], change: _Change, rules: _Rules
) -> History:
    lead, seen = late.row.id, late.row.seen
    every = _after(reached, lead, deeds, change.now, rules)
    former = _after(reached, lead, [deed for deed in deeds if deed.seq <= seen], change.before, rules)
    return replace(
        every,
        state=state,
        seen=max(late.history.seen, change.seen),
        applied=reached.applied,
        unseen=late.history.unseen,
        base=Base(number=reached.number, former=former.events),
    )


def _after(
    reached: Reached, lead: LeadId, deeds: Iterable[ActivityRow], changes: Iterable[Event], rules: _Rules
) -> History:
    """What follows a checkpoint, machines marked. Of activities, those are given that may say what a machine is."""
    events = events_of(lead, deeds, (), (), rules.vocabulary)
    events += (change for change in changes if order(change) > reached.place)
    events.sort(key=order)
    known = until(rules.now, History(state=None, events=events, seen=0))
    judged = marked(rules.vocabulary.machine, known.events)
    return replace(known, events=[each for each in judged if order(each) > reached.place])
