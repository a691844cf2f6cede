"""Load events: what happened to a batch of leads, as the core's events in the core's order.

A lead gets its account's fields from the moment it belongs to it: at joining, what the account is by
then; afterwards, every change. First values count from before the first thing known of a lead, and from
always of an account. What is dated ahead waits until its time has come: the lead falls due then, and its
whole history is read. [rules: time and order] [rules: replay]
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import structlog
from msgspec import MsgspecError
from sqlalchemy import Connection as Sql

from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.state import LeadState
from integration.core.run.decide import order
from integration.core.scoring.machines import marked
from integration.flows.history import counted_changes
from integration.flows.history.classify_mail import Fresh, activity, machines_marked
from integration.store.db.json_codec import decode
from integration.store.events import activities
from integration.store.events.activities import ActivityRow
from integration.store.people import field_changes, leads
from integration.store.people.field_changes import ChangeRow
from integration.store.people.leads import LeadRow
from mappings.conflicts.field_conflicts import NOBODY, Ownership
from mappings.model.canonical import Value
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant
from mappings.vocabulary.value import CANONICAL, Vocabulary

log = structlog.get_logger()

ALWAYS: Instant = 0
"""What a company is when first met, it counts as having been: people join it later, and get it then."""


class _OfLead(Protocol):
    @property
    def lead_id(self) -> LeadId | None: ...


_Row = TypeVar("_Row", bound=_OfLead)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A lead's state to go on from (None: from the beginning), what to apply to it, and the last number seen.

    `waiting` is when the first thing that is dated ahead is to be applied. `unseen` are the activities among
    the events that no decision has seen yet.
    """

    state: LeadState | None
    events: list[Event]
    seen: int
    waiting: Instant | None = None
    unseen: Sequence[ActivityRow] = ()


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
    account, when first values came, when the time of something that waited has come, and when its state was derived
    under another `version` of the playbook, its whole history is read.
    `ownership` says whose word counts of which field, `vocabulary` what activities are. Activities are stored as they
    were sent, so another vocabulary reads them anew.
    """
    states = {row.id: _decoded(row.id, row.state) if row.version == version else None for row in rows}
    deeds = _by_lead(activities.fresh(conn, {row.id: row.seen for row in rows}))
    firms: dict[AccountId, int] = {}
    for row in rows:
        if row.account_id:
            firms[row.account_id] = min(row.seen, firms.get(row.account_id, row.seen))
    told = counted_changes.fresh(conn, field_changes.fresh(conn, {row.id: row.seen for row in rows}, firms), ownership)
    about, of_firms = _by_lead(told), _by_account(told)
    found: dict[LeadId, History] = {}
    again: list[LeadRow] = []
    fresh: dict[LeadId, Fresh] = {}
    for row in rows:
        firm = [
            change for change in (of_firms.get(row.account_id, ()) if row.account_id else ()) if change.seq > row.seen
        ]
        state, mine = states[row.id], about.get(row.id, [])
        events = _events(row.id, deeds.get(row.id, ()), mine, firm, vocabulary)
        seen = max((each.seq for each in (*deeds.get(row.id, ()), *mine, *firm)), default=row.seen)
        anew = any("account" in change.fields for change in mine) or any(each.initial for each in (*mine, *firm))
        waited = _waited(row, state)
        come = waited is not None and waited <= now
        found[row.id] = _until(
            now,
            History(
                state=state,
                events=events,
                seen=max(seen, row.seen),
                waiting=waited,
                unseen=deeds.get(row.id, ()),
            ),
        )
        if state is None or anew or come or (events and order(events[0]) <= tuple(state.watermark or ())):
            again.append(row)
        elif events:
            fresh[row.id] = Fresh(state=state, seen=row.seen, events=found[row.id].events)
    apart, taken_back = machines_marked(conn, vocabulary, fresh, now)
    found.update({lead: replace(found[lead], events=events) for lead, events in apart.items()})
    again += [row for row in rows if row.id in taken_back]
    for lead, each in _whole(conn, again, found, ownership, vocabulary).items():
        past = _until(now, each)
        found[lead] = replace(past, events=marked(vocabulary.machine, past.events))
    return found


def _waited(row: LeadRow, state: LeadState | None) -> Instant | None:
    """When something that waited was to be applied, as far as is known: a lead is due earlier than its state says."""
    if state is None or row.due is None or (state.due is not None and state.due <= row.due):
        return None
    return row.due


def _until(now: Instant, history: History) -> History:
    """A history without what is dated ahead, which waits."""
    ahead = [event.at for event in history.events if event.at > now]
    if not ahead:
        return history
    waiting = min([*ahead, *([history.waiting] if history.waiting is not None else [])])
    return replace(history, events=[event for event in history.events if event.at <= now], waiting=waiting)


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
    deeds = _by_lead(activities.history(conn, ids))
    began = {lead: min(deed.at for deed in mine) for lead, mine in deeds.items()}
    found = {}
    for lead, (told, latest) in changes(conn, ids, ownership, began).items():
        mine = deeds.get(lead, ())
        events = sorted((*(activity(row, vocabulary, lead) for row in mine), *told), key=order)
        seen = max(latest, max((deed.seq for deed in mine), default=0))
        before = known.get(lead)
        known_seen, unseen = (before.seen, before.unseen) if before else (0, ())
        found[lead] = History(state=None, events=events, seen=max(seen, known_seen), unseen=unseen)
    return found


def changes(
    conn: Sql, ids: Iterable[LeadId], ownership: Ownership, began: Mapping[LeadId, Instant]
) -> dict[LeadId, tuple[list[Event], int]]:
    """Every change of a lead's fields, and of its accounts' while it belonged to them, as far as it counts.

    `began` is when each lead did something first. With the events of each lead comes the last number of its own
    changes and of its accounts': numbers grow in the order of commits for each lead alone, so another's says nothing.
    """
    about = _by_lead(field_changes.history(conn, ids))
    joined = {
        lead: {AccountId(str(change.fields["account"])) for change in mine if change.fields.get("account")}
        for lead, mine in about.items()
    }
    firms = _by_account(field_changes.history(conn, (), set[AccountId]().union(*joined.values())))
    heard = {account: counted_changes.counting(mine, ownership.account, ALWAYS) for account, mine in firms.items()}
    latest = {account: max(change.seq for change in mine) for account, mine in firms.items()}
    found: dict[LeadId, tuple[list[Event], int]] = {}
    for lead in ids:
        mine = about.get(lead, [])
        counts = counted_changes.counting(mine, ownership.lead, began.get(lead))
        last = max((change.seq for change in mine), default=0)
        last = max([last, *(latest.get(account, 0) for account in joined.get(lead, ()))])
        found[lead] = [*_events(lead, (), counts, (), CANONICAL), *_memberships(counts, heard)], last
    return found


def _memberships(mine: Sequence[ChangeRow], firms: dict[AccountId, list[ChangeRow]]) -> Iterable[Event]:
    """What a lead gets from the accounts it belonged to, each from joining to leaving."""
    joins = [(change.at, change.fields["account"]) for change in mine if "account" in change.fields]
    for number, (at, account) in enumerate(joins):
        if not account:
            continue
        left = joins[number + 1][0] if number + 1 < len(joins) else None
        by_then: dict[str, Value] = {}
        for change in firms.get(AccountId(str(account)), ()):
            if change.at <= at:
                by_then.update(change.fields)
            elif left is None or change.at < left:
                yield _of_account(change)
        if by_then:
            name = AccountId(str(account))
            yield AccountChanged(id=f"joined:{account}", at=at, account=name, fields=by_then, initial=True)


def _events(
    lead: LeadId,
    deeds: Iterable[ActivityRow],
    mine: Iterable[ChangeRow],
    firm: Iterable[ChangeRow],
    vocabulary: Vocabulary,
) -> list[Event]:
    events: list[Event] = [activity(row, vocabulary, lead) for row in deeds]
    events += [
        LeadChanged(id=row.key, at=row.at, fields=row.fields, initial=row.initial, answer=row.answer) for row in mine
    ]
    events += [_of_account(row) for row in firm]
    events.sort(key=order)
    return events


def _of_account(row: ChangeRow) -> AccountChanged:
    account = row.account_id or AccountId("")
    return AccountChanged(id=row.key, at=row.at, account=account, fields=row.fields, initial=row.initial)


def _by_lead(rows: Iterable[_Row]) -> dict[LeadId, list[_Row]]:
    found: defaultdict[LeadId, list[_Row]] = defaultdict(list)
    for row in rows:
        if row.lead_id is not None:
            found[row.lead_id].append(row)
    return dict(found)


def _by_account(rows: Iterable[ChangeRow]) -> dict[AccountId, list[ChangeRow]]:
    found: defaultdict[AccountId, list[ChangeRow]] = defaultdict(list)
    for row in rows:
        if row.account_id is not None:
            found[row.account_id].append(row)
    return dict(found)
