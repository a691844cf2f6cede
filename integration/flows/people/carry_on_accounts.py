"""Carry on accounts: what is new at an account is applied to the state in which its signals were left.

An account costs what is new there, however many people it has and however long its history is: one statement finds what
is new at all accounts of a batch. It is carried on only where that says what a derivation from the beginning says:
everything new comes later than what was applied, nothing of it is dated ahead, and no mail is judged otherwise by what
is new. What else may change the past (a lead that leaves, two that are one, other rules, an erasure, a lead whose score
was derived anew) forgets the state where it happens: see accounts.forget. What survives a crash: a state is stored with
what was derived.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from msgspec import MsgspecError
from sqlalchemy import Connection as Sql

from integration.core.model.account_state import SHAPE, AccountState
from integration.core.run.account_signals import note
from integration.core.run.decide import order
from integration.core.scoring.machines import marked, reach
from integration.core.scoring.mail_rules import IN_MAIL
from integration.flows.base.service import Deriving
from integration.flows.history.classify_mail import activity
from integration.flows.people.past_engagement import Engagement
from integration.flows.people.signal_activities import as_row, derived_activity, looked_at_by, relevant
from integration.store.db.json_codec import decode, encode
from integration.store.events import activities
from integration.store.events.activities import ActivityRow, NewActivity
from integration.store.people.accounts import AccountRow, SavedAccount
from mappings.model.canonical import Activity
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant
from mappings.vocabulary.value import Vocabulary

_Fresh: TypeAlias = Mapping[AccountId, Sequence[tuple[ActivityRow, Activity]]]


@dataclass(slots=True)
class Reached:
    """How far an account has been derived: its state, and the last number that is applied."""

    state: AccountState
    seen: int

    def saved(self, row: AccountRow) -> SavedAccount:
        """As it is stored with an account that was read."""
        return SavedAccount(id=row.id, state=encode(self.state), seen=self.seen, read=row.seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOn:
    """What is derived now, and where the accounts stand that could be carried on; of others nothing is here."""

    new: Sequence[NewActivity]
    reached: dict[AccountId, Reached]


def carry_on(conn: Sql, service: Deriving, rows: Iterable[AccountRow], now: Instant) -> CarriedOn:
    """Carry on those of these accounts that can be. Reads only."""
    reached = {
        row.id: Reached(state, row.seen)
        for row in rows
        if row.version == service.rules.number and (state := _decoded(row.state)) is not None
    }
    fresh = _fresh(conn, service, reached)
    judged = _judged(conn, service.rules.vocabulary, reached, fresh, now)
    types = relevant(service.rules.playbook)
    going = {account: each for account, each in reached.items() if account in judged}
    people = {account: _people(each.state, judged[account]) for account, each in going.items()}
    engagement = Engagement(conn, service, people, anew=False)
    derived: list[NewActivity] = []
    carried: dict[AccountId, Reached] = {}
    for account, left in going.items():
        happened = [each for each in judged[account] if each.type in types]
        if happened and order(happened[0]) <= (left.state.watermark or ()):
            continue
        for each in happened:
            derived_now = note(service.rules.compiled, left.state, each, partial(engagement.of, at=each.at))
            new = [as_row(one) for one in derived_now]
            engagement.add(map(derived_activity, new))
            derived += new
        left.seen = max([left.seen, *(row.seq for row, _ in fresh[account])])
        carried[account] = left
    return CarriedOn(new=derived, reached=carried)


def _people(state: AccountState, new: Iterable[Activity]) -> list[LeadId]:
    """Who is known at an account, once what is new there is applied."""
    return sorted({LeadId(lead) for lead in (*state.people, *(each.lead for each in new)) if lead})


def _decoded(text: str | None) -> AccountState | None:
    """A stored state; of another shape, or unreadable, it is derived from the beginning, which says the same."""
    if text is None:
        return None
    try:
        state = decode(text, AccountState)
    except (MsgspecError, ValueError):
        return None
    return state if state.shape == SHAPE else None


def _fresh(conn: Sql, service: Deriving, reached: Mapping[AccountId, Reached]) -> _Fresh:
    """What nobody has looked at yet at each account, of the types that its signals look at."""
    vocabulary, looked_at = service.rules.vocabulary, looked_at_by(relevant(service.rules.playbook))
    found: dict[AccountId, list[tuple[ActivityRow, Activity]]] = {}
    for account, rows in activities.fresh_at(conn, {each: left.seen for each, left in reached.items()}).items():
        read = ((row, activity(row, vocabulary, row.lead_id or "")._replace(account=account)) for row in rows)
        found[account] = [(row, each) for row, each in read if each.type in looked_at]
    return found


def _judged(
    conn: Sql, vocabulary: Vocabulary, reached: Mapping[AccountId, Reached], fresh: _Fresh, now: Instant
) -> dict[AccountId, list[Activity]]:
    """What is new at each account, in order, machines marked; not of accounts where it changes what was applied."""
    before = _before(conn, vocabulary, fresh, now)
    judged: dict[AccountId, list[Activity]] = {}
    for account, rows in fresh.items():
        if any(row.at > now or (each.type in IN_MAIL and not each.lead) for row, each in rows):
            continue
        new = [each for _, each in rows]
        leads = sorted({each.lead for each in new})
        applied = [each for lead in leads for seq, each in before.get(lead, ()) if seq <= reached[account].seen]
        whole = _marked(vocabulary, [*applied, *new])
        rule = {each.id: bool(each.machine) for each in whole}
        if all(bool(each.machine) == rule[each.id] for each in _marked(vocabulary, applied)):
            ids = {each.id for each in new}
            judged[account] = [each for each in whole if each.id in ids]
    return judged


def _before(conn: Sql, vocabulary: Vocabulary, fresh: _Fresh, now: Instant) -> dict[str, list[tuple[int, Activity]]]:
    """What those who did something in a mail did in mails before, and after, as far as it matters: (number, what)."""
    back, _ = reach(vocabulary.machine)
    since: dict[LeadId, Instant] = {}
    for rows in fresh.values():
        for row, each in rows:
            if each.type in IN_MAIL and row.lead_id:
                since[row.lead_id] = min(each.at - back, since.get(row.lead_id, each.at))
    found: dict[str, list[tuple[int, Activity]]] = {}
    for row in activities.since(conn, since) if since else ():
        each = activity(row, vocabulary, row.lead_id or "")
        if each.type in IN_MAIL and row.at <= now:
            found.setdefault(each.lead, []).append((row.seq, each))
    return found


def _marked(vocabulary: Vocabulary, happened: Sequence[Activity]) -> list[Activity]:
    said = marked(vocabulary.machine, sorted(happened, key=order))
    return [each for each in said if isinstance(each, Activity)]
