"""Lead events: a lead's stored activities and field changes as the core's events, in the core's order.

A lead gets its account's fields from the moment it belongs to it: at joining, what the account is by then; afterwards,
every change. First values count from before the first thing known of a lead, and from always of an account.
[rules: time and order] [rules: replay]
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection as Sql

from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.core.model.state import LeadState
from integration.core.run.decide import order
from integration.flows.history import counted_changes
from integration.flows.history.classify_mail import activity
from integration.store.events.activities import ActivityRow
from integration.store.people import field_changes
from integration.store.people.field_changes import ChangeRow
from mappings.conflicts.field_conflicts import Ownership
from mappings.model.canonical import Value
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant
from mappings.vocabulary.value import Vocabulary

ALWAYS: Instant = 0
"""What a company is when first met, it counts as having been: people join it later, and get it then."""


class _OfLead(Protocol):
    @property
    def lead_id(self) -> LeadId | None: ...


_Row = TypeVar("_Row", bound=_OfLead)


class Base(NamedTuple):
    """From where a lead is derived where something arrived late: a checkpoint, and what followed from there before.

    `former` are the events after it as they were known until then.
    """

    number: int
    former: Sequence[Event]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A lead's state to go on from (None: from the beginning), what to apply to it, and the last number seen.

    `waiting` is when the first thing that is dated ahead is to be applied. `unseen` are the activities among the events
    that no decision has seen yet. `applied` events are in the state. Where it is a checkpoint's, `base` says so.
    """

    state: LeadState | None
    events: list[Event]
    seen: int
    applied: int = 0
    waiting: Instant | None = None
    unseen: Sequence[ActivityRow] = ()
    base: Base | None = None


def until(now: Instant, history: History) -> History:
    """A history without what is dated ahead, which waits."""
    ahead = [event.at for event in history.events if event.at > now]
    if not ahead:
        return history
    waiting = min([*ahead, *([history.waiting] if history.waiting is not None else [])])
    return replace(history, events=[event for event in history.events if event.at <= now], waiting=waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """Every field change of some leads, and of every account that any of them ever belonged to."""

    leads: Mapping[LeadId, Sequence[ChangeRow]]
    accounts: Mapping[AccountId, Sequence[ChangeRow]]


def stated(conn: Sql, lead_ids: Sequence[LeadId]) -> Stated:
    """Read every field change of these leads, and of the accounts that they ever belonged to."""
    about = by_lead(field_changes.history(conn, lead_ids))
    joins = {account for mine in about.values() for account in joined(mine)}
    return Stated(leads=about, accounts=by_account(field_changes.history(conn, (), joins)))


def joined(mine: Iterable[ChangeRow]) -> set[AccountId]:
    """Every account that a lead belonged to, by the changes of its fields."""
    return {AccountId(str(change.fields["account"])) for change in mine if change.fields.get("account")}


def counted(firms: Mapping[AccountId, Sequence[ChangeRow]], ownership: Ownership) -> dict[AccountId, list[ChangeRow]]:
    """What counts of what was ever stated of these accounts."""
    return {account: counted_changes.counting(rows, ownership.account, ALWAYS) for account, rows in firms.items()}


def field_events(
    mine: Sequence[ChangeRow],
    firms: Mapping[AccountId, Sequence[ChangeRow]],
    ownership: Ownership,
    since: Instant | None,
) -> list[Event]:
    """All changes of a lead's fields and of its accounts', as events in any order.

    `firms` is `counted`; `since` is when the lead first did something, None where it never did.
    """
    counts = counted_changes.counting(mine, ownership.lead, since)
    return [*map(_of_lead, counts), *_memberships(counts, firms)]


def changes(
    conn: Sql, lead_ids: Sequence[LeadId], ownership: Ownership, began: Mapping[LeadId, Instant]
) -> dict[LeadId, tuple[list[Event], int]]:
    """Every change of a lead's fields, and of its accounts' while it belonged to them, as far as it counts.

    `began` is when each lead did something first. With the events of each lead comes the last number of its own
    changes and of its accounts': numbers grow in the order of commits for each lead alone, so another's says nothing.
    """
    everything = stated(conn, lead_ids)
    heard = counted(everything.accounts, ownership)
    latest = {account: max(change.seq for change in rows) for account, rows in everything.accounts.items()}
    found: dict[LeadId, tuple[list[Event], int]] = {}
    for lead in lead_ids:
        mine = everything.leads.get(lead, ())
        last = max([*(change.seq for change in mine), *(latest.get(each, 0) for each in joined(mine))], default=0)
        found[lead] = field_events(mine, heard, ownership, began.get(lead)), last
    return found


def _memberships(mine: Sequence[ChangeRow], firms: Mapping[AccountId, Sequence[ChangeRow]]) -> Iterable[Event]:
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


def events_of(
    lead: LeadId,
    deeds: Iterable[ActivityRow],
    mine: Iterable[ChangeRow],
    firm: Iterable[ChangeRow],
    vocabulary: Vocabulary,
) -> list[Event]:
    """What a lead did, and the changes of its fields and of its account's, in order."""
    events: list[Event] = [activity(row, vocabulary, lead) for row in deeds]
    events += map(_of_lead, mine)
    events += map(_of_account, firm)
    events.sort(key=order)
    return events


def _of_lead(row: ChangeRow) -> LeadChanged:
    return LeadChanged(id=row.key, at=row.at, fields=row.fields, initial=row.initial, answer=row.answer)


def _of_account(row: ChangeRow) -> AccountChanged:
    account = row.account_id or AccountId("")
    return AccountChanged(id=row.key, at=row.at, account=account, fields=row.fields, initial=row.initial)


def by_lead(rows: Iterable[_Row]) -> dict[LeadId, list[_Row]]:
    """What belongs to leads, by lead."""
    found: defaultdict[LeadId, list[_Row]] = defaultdict(list)
    for row in rows:
        if row.lead_id is not None:
            found[row.lead_id].append(row)
    return dict(found)


def by_account(rows: Iterable[ChangeRow]) -> dict[AccountId, list[ChangeRow]]:
    """What belongs to accounts, by account."""
    found: defaultdict[AccountId, list[ChangeRow]] = defaultdict(list)
    for row in rows:
        if row.account_id is not None:
            found[row.account_id].append(row)
    return dict(found)
