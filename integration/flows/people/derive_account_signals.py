"""Derive account signals: people of one account do something together, and each gets a derived activity.

Derived activities have ids derived from their causes, so deriving again adds nothing. An account is
derived from its relevant history whenever somebody there did something relevant: signals are few
kinds of activity, and a derivation that starts from the beginning cannot depend on the order of arrival.
What is stored is made to say what the derivation says: no more, no less. Who is still to be derived under a new version
of the rules is not marked: they are derived in their turn, and whoever is new does not stand behind them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection as Sql

from integration.core.model.events import Event
from integration.core.rules.playbook_rules import Playbook
from integration.core.run.account_signals import note, unseen
from integration.core.run.decide import order
from integration.core.scoring.machines import marked
from integration.core.scoring.mail_rules import IN_MAIL
from integration.flows.base.isolation import Station, Try, isolate
from integration.flows.base.service import Derived, Deriving
from integration.flows.history.classify_mail import activity
from integration.flows.people.past_engagement import Engagement
from integration.store.db.json_codec import encode
from integration.store.events import activities, playbook_versions, retractions
from integration.store.events.activities import ActivityRow, NewActivity
from integration.store.people import accounts, leads
from integration.store.queues import dirty, leases
from integration.store.queues.dead_letters import Letter
from integration.store.queues.dirty import AccountMark
from integration.store.queues.leases import Lease
from mappings.model.canonical import Activity
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant

BATCH = 50


def relevant(playbook: Playbook) -> frozenset[str]:
    """The activity types that any account signal of a playbook looks at."""
    return frozenset(name for signal in playbook.account_signals for match in signal.signal for name in match.types)


def _looked_at(types: frozenset[str]) -> frozenset[str]:
    """These types, and those by which a machine's are recognised among them."""
    return types if types.isdisjoint(IN_MAIL) else types | IN_MAIL


def derive_batch(service: Derived, lease: Lease) -> bool:
    """Derive anew for accounts that are marked, and take back what is no longer derived; whether more are likely.

    A late activity may show that a document went round earlier than was thought: then another
    activity is the cause, and what the former cause led to must not count a second time. What is
    dated ahead waits, and so does its account.
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
    isolate(service, lease, station, marks)
    return len(marks) == BATCH


def _work(service: Derived, lease: Lease, these: Try[AccountMark], now: Instant) -> None:
    with service.store.read() as conn:
        found = signals(conn, service, [account for account, _ in these.items], now)
    with service.store.write() as conn:
        leases.extend(conn, lease)
        these.done(conn)
        touched = {*found.stale.values(), *(LeadId(str(row.lead_id)) for row in found.new)}
        later = playbook_versions.to_be_derived(conn, touched, service.rules.number)
        dirty.mark(conn, touched - later, now)
        retractions.retract(conn, list(found.stale), found.stale.values())
        activities.add(conn, found.new)
        playbook_versions.derived(conn, [account for account, _ in these.items], service.rules.number)
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


def signals(conn: Sql, service: Deriving, account_ids: Sequence[AccountId], now: Instant) -> Signals:
    """Derive the signals of these accounts by the rules that the service has. Reads only."""
    people = _people(conn, account_ids)
    home = {lead: account for account, each in people.items() for lead in each}
    wanted, foreign = service.rules.vocabulary.recognition.raw_types(_looked_at(relevant(service.rules.playbook)))
    others = sorted(service.rules.vocabulary.activities) if foreign else None
    known = activities.seen_by(conn, list(home), list(people), sorted(wanted), others)
    before = activities.derived(conn, list(home), list(people))
    derived = {row.key: row for row in _derive(conn, service, people, [row for row in known if row.at <= now])}
    same = {row.key for row in before if row.key in derived and _same(row, derived[row.key])}
    return Signals(
        new=[row for key, row in derived.items() if key not in same],
        stale={row.key: LeadId(str(row.lead_id)) for row in before if row.key not in same},
        ahead=_ahead(known, home, now),
    )


def _ahead(known: Sequence[ActivityRow], home: Mapping[LeadId, AccountId], now: Instant) -> dict[AccountId, Instant]:
    """When to look at which account again: the first instant that is dated ahead."""
    found: dict[AccountId, Instant] = {}
    for row in known:
        account = (home.get(row.lead_id) if row.lead_id else None) or row.account_id or AccountId("")
        if row.at > now and account:
            found[account] = min(row.at, found.get(account, row.at))
    return found


def _same(stored: ActivityRow, derived: NewActivity) -> bool:
    return (stored.at, dict(stored.properties)) == (derived.at, dict(derived.properties))


def _people(conn: Sql, account_ids: Sequence[AccountId]) -> dict[AccountId, list[LeadId]]:
    found: dict[AccountId, list[LeadId]] = {account: [] for account in account_ids}
    for lead, account in leads.homes(conn, accounts.members(conn, account_ids)):
        found[account].append(lead)
    return found


def _derive(
    conn: Sql, service: Deriving, people: dict[AccountId, list[LeadId]], seen: Sequence[ActivityRow]
) -> list[NewActivity]:
    compiled = service.rules.compiled
    home = {lead: account for account, each in people.items() for lead in each}
    engagement = Engagement(conn, service, people)
    types, vocabulary = relevant(compiled.playbook), service.rules.vocabulary
    looked_at = _looked_at(types)
    by_account: defaultdict[AccountId, list[Event]] = defaultdict(list)
    for row in seen:
        account = (home.get(row.lead_id) if row.lead_id else None) or row.account_id or AccountId("")
        found = activity(row, vocabulary, row.lead_id or "")
        if found.type in looked_at:
            by_account[account].append(found._replace(account=account))
    derived: list[NewActivity] = []
    for account, events in by_account.items():
        state = unseen(account)
        for each in marked(vocabulary.machine, sorted(events, key=order)):
            if isinstance(each, Activity) and each.type in types:
                new = [_row(one) for one in note(compiled, state, each, partial(engagement.of, at=each.at))]
                engagement.add(map(derived_activity, new))
                derived += new
    return derived


def derived_activity(row: NewActivity) -> Activity:
    """What was derived, as an event of its lead: as it is read once it is stored."""
    return Activity(row.key, row.lead_id or "", row.at, row.type, row.properties, row.account_id or "", derived=True)


def _row(activity: Activity) -> NewActivity:
    return NewActivity(
        key=f"derived:{activity.id}",
        lead_id=LeadId(activity.lead),
        account_id=AccountId(activity.account) if activity.account else None,
        at=activity.at,
        type=activity.type,
        properties=activity.properties,
        source="derived",
        derived=True,
    )
