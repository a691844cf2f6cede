"""Derive account signals: people of one account do something together, and each gets a derived activity.

Derived activities have ids derived from their causes, so deriving again adds nothing. Where somebody there did
something relevant that comes after all that was looked at before, an account is carried on from there (see
carry_on_accounts.py); in any other case it is derived from its whole relevant history, so that nothing depends on the
order of arrival, and what is stored is made to say what the derivation says: no more, no less.
Who is still to be derived under a new version of the rules is not marked: they are derived in their turn, and whoever
is new does not stand behind them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection as Sql

from integration.core.model.events import Event
from integration.core.run.account_signals import note, unseen
from integration.core.run.decide import order
from integration.core.scoring.machines import marked
from integration.flows.base.isolation import Station, Try, isolate
from integration.flows.base.service import Derived, Deriving
from integration.flows.history.classify_mail import activity
from integration.flows.people.carry_on_accounts import Reached, carry_on
from integration.flows.people.past_engagement import Engagement
from integration.flows.people.signal_activities import as_row, derived_activity, looked_at_by, relevant
from integration.store.db.json_codec import encode
from integration.store.events import activities, playbook_versions, retractions
from integration.store.events.activities import ActivityRow, NewActivity
from integration.store.people import accounts, leads
from integration.store.queues import dirty, lane_shards, leases
from integration.store.queues.dead_letters import Letter
from integration.store.queues.dirty import AccountMark
from integration.store.queues.leases import Lease
from mappings.model.canonical import Activity
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant

BATCH = 50


def derive_batch(service: Derived, lease: Lease, *, suspected: bool = True) -> bool:
    """Derive anew for accounts that are marked, and take back what is no longer derived; whether more are likely.

    A late activity may show that a document went round earlier than was thought: then another
    activity is the cause, and what the former cause led to must not count a second time. What is
    dated ahead waits, and so does its account. `suspected`: the lane has failed at something before.
    """
    now = service.now()
    with service.store.read() as conn:
        marks = dirty.take_accounts(conn, now, BATCH)

    def lay_aside(conn: Sql, mark: AccountMark, reason: str) -> Letter:
        dirty.clear_accounts(conn, [mark])
        payload = encode({"account": mark[0], "version": service.rules.number}).encode()
        at, said = service.now(), f"{reason} (playbook {service.rules.words})"
        return Letter(stage="signals", source="coldframe", ref=mark[0], payload=payload, reason=said, at=at)

    station: Station[AccountMark] = Station(
        lane="signals",
        name=lambda mark: mark[0],
        work=lambda these: _work(service, lease, these, now),
        lay_aside=lay_aside,
    )
    isolate(service, lease, station, marks, suspected=suspected)
    return len(marks) == BATCH


def _work(service: Derived, lease: Lease, these: Try[AccountMark], now: Instant) -> None:
    ids = [account for account, _ in these.items]
    with service.store.read() as conn:
        rows = accounts.get(conn, ids)
        carried = carry_on(conn, service, rows, now)
        found = signals(conn, service, [account for account in ids if account not in carried.reached], now)
    new, reached = [*carried.new, *found.new], {**found.reached, **carried.reached}
    with service.store.write() as conn:
        leases.extend(conn, lease)
        if found.stale:  # what is taken back is not to be a part of what another shard saves
            lane_shards.alone(conn, lease)
        these.done(conn)
        touched = {*found.stale.values(), *(LeadId(str(row.lead_id)) for row in new)}
        later = playbook_versions.to_be_derived(conn, touched, service.rules.number)
        dirty.mark(conn, touched - later, now)
        retractions.retract(conn, list(found.stale), found.stale.values())
        activities.add(conn, new)
        accounts.save(conn, [reached[row.id].saved(row) for row in rows if row.id in reached])
        otherwise = [row.id for row in rows if row.version != service.rules.number]
        playbook_versions.derived(conn, otherwise, service.rules.number)
        dirty.clear_accounts(conn, these.items)
        dirty.wait_accounts(conn, found.ahead)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the derivation of some accounts says, beside what is stored."""

    new: Sequence[NewActivity]
    stale: Mapping[str, LeadId]
    """By key, whose a derived activity is that nothing leads to any more, or that is another by now."""
    ahead: Mapping[AccountId, Instant]
    """When to look at which account again: something there is dated ahead."""
    reached: Mapping[AccountId, Reached]
    """From where which account can be carried on the next time."""


def signals(conn: Sql, service: Deriving, account_ids: Sequence[AccountId], now: Instant) -> Signals:
    """Derive the signals of these accounts by the rules that the service has. Reads only."""
    people = _people(conn, account_ids)
    home = {lead: account for account, each in people.items() for lead in each}
    wanted, foreign = service.rules.vocabulary.recognition.raw_types(looked_at_by(relevant(service.rules.playbook)))
    others = sorted(service.rules.vocabulary.activities) if foreign else None
    known = activities.seen_by(conn, list(home), list(people), sorted(wanted), others)
    before = activities.derived(conn, list(home), list(people))
    ahead = _ahead(known, home, now)
    rows, reached = _derive(conn, service, people, [row for row in known if row.at <= now])
    derived = {row.key: row for row in rows}
    same = {row.key for row in before if row.key in derived and _same(row, derived[row.key])}
    return Signals(
        new=[row for key, row in derived.items() if key not in same],
        stale={row.key: LeadId(str(row.lead_id)) for row in before if row.key not in same},
        ahead=ahead,
        reached={account: each for account, each in reached.items() if account not in ahead},
    )


def _ahead(known: Sequence[ActivityRow], home: Mapping[LeadId, AccountId], now: Instant) -> dict[AccountId, Instant]:
    """When to look at which account again: the first instant that is dated ahead."""
    found: dict[AccountId, Instant] = {}
    for row in known:
        account = _account(row, home)
        if row.at > now and account:
            found[account] = min(row.at, found.get(account, row.at))
    return found


def _account(row: ActivityRow, home: Mapping[LeadId, AccountId]) -> AccountId:
    """At which of the accounts it was done; "" at none of them."""
    return (home.get(row.lead_id) if row.lead_id else None) or row.account_id or AccountId("")


def _same(stored: ActivityRow, derived: NewActivity) -> bool:
    return (stored.at, dict(stored.properties)) == (derived.at, dict(derived.properties))


def _people(conn: Sql, account_ids: Sequence[AccountId]) -> dict[AccountId, list[LeadId]]:
    found: dict[AccountId, list[LeadId]] = {account: [] for account in account_ids}
    for lead, account in leads.homes(conn, accounts.members(conn, account_ids)):
        found[account].append(lead)
    return found


def _derive(
    conn: Sql, service: Deriving, people: dict[AccountId, list[LeadId]], seen: Sequence[ActivityRow]
) -> tuple[list[NewActivity], dict[AccountId, Reached]]:
    compiled = service.rules.compiled
    home = {lead: account for account, each in people.items() for lead in each}
    engagement = Engagement(conn, service, people)
    types, vocabulary = relevant(compiled.playbook), service.rules.vocabulary
    looked_at = looked_at_by(types)
    reached = {account: Reached(unseen(account), 0) for account in people}
    by_account: defaultdict[AccountId, list[Event]] = defaultdict(list)
    for row in seen:
        account = _account(row, home)
        if account in reached:
            reached[account].seen = max(reached[account].seen, row.seq)
        found = activity(row, vocabulary, row.lead_id or "")
        if found.type in looked_at:
            by_account[account].append(found._replace(account=account))
    derived: list[NewActivity] = []
    for account, events in by_account.items():
        state = reached[account].state if account in reached else unseen(account)
        for each in marked(vocabulary.machine, sorted(events, key=order)):
            if isinstance(each, Activity) and each.type in types:
                new = [as_row(one) for one in note(compiled, state, each, partial(engagement.of, at=each.at))]
                engagement.add(map(derived_activity, new))
                derived += new
    return derived, reached
