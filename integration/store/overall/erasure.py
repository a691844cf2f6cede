"""Erasure: who is meant, what is stored about them, and deleting it, table by table.

The functions work inside the caller's write transaction, after every lease was revoked (leases.revoke): nobody who
holds one of these leads in memory can bring a row of theirs back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, delete, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from integration.store.db.dialects import among
from integration.store.db.json_codec import listed
from integration.store.events import activities, retractions
from integration.store.people import field_changes, leads, other_emails, record_references
from integration.store.queues import dirty
from integration.store.schema.tables import (
    accounts,
    alerts,
    assignments,
    checkpoints,
    clock_runs,
    dead_letters,
    dirty_accounts,
    effects,
    opportunities,
    outbox,
    people_to_find,
    suspects,
)
from integration.store.schema.tables import activities as deeds
from integration.store.schema.tables import changes as told
from integration.store.schema.tables import dirty as marks
from integration.store.schema.tables import leads as people
from integration.store.schema.tables import other_emails as addresses
from integration.store.schema.tables import references as records
from integration.store.schema.tables import refresh as wanted
from mappings.conflicts import field_conflicts
from mappings.model import catalogue
from mappings.values import person_names
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant

COMPANY = ".company"
"""What the object of a reference ends in that stands for the company of one person's record."""

_SAME_EMAIL = select(people.c.id).where(among(people.c.email, "emails"))
_ANCESTRY = select(people.c.id, people.c.merged_into).where(
    or_(among(people.c.id, "ids"), among(people.c.merged_into, "ids"))
)
_RECORDS = select(records.c.connection, records.c.object, records.c.external_id).where(among(records.c.lead_id, "ids"))
_HOMES = select(deeds.c.account_id).where(among(deeds.c.lead_id, "ids"), deeds.c.account_id.is_not(None)).distinct()
_LIVES = select(people.c.account_id).where(among(people.c.id, "ids"), people.c.account_id.is_not(None))
_DERIVED = select(deeds.c.key, deeds.c.lead_id).where(among(deeds.c.account_id, "ids"), deeds.c.derived.is_(True))
_NAMED_AFTER = select(told.c.seq, told.c.key).where(told.c.account_id.is_not(None), among(told.c.account_id, "ids"))
_RENAME = update(told)
_COLLEAGUES = delete(checkpoints).where(
    checkpoints.c.lead_id.in_(select(people.c.id).where(among(people.c.account_id, "ids")))
)
_OF_LEAD: tuple[tuple[Table, ColumnElement[str | None]], ...] = (
    (deeds, deeds.c.lead_id),
    (told, told.c.lead_id),
    (effects, effects.c.lead_id),
    (outbox, outbox.c.lead_id),
    (alerts, alerts.c.lead_id),
    (assignments, assignments.c.lead_id),
    (clock_runs, clock_runs.c.lead_id),
    (checkpoints, checkpoints.c.lead_id),
    (marks, marks.c.lead_id),
    (dead_letters, dead_letters.c.lead_id),
    (suspects, suspects.c.lead_id),
    (records, records.c.lead_id),
    (addresses, addresses.c.lead_id),
    (people, people.c.id),
)
_OF_ACCOUNT: tuple[tuple[Table, ColumnElement[str | None]], ...] = (
    (told, told.c.account_id),
    (opportunities, opportunities.c.account_id),
    (records, records.c.account_id),
    (dirty_accounts, dirty_accounts.c.account_id),
    (accounts, accounts.c.id),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Somebody: every lead they are or were here, and every name they go by."""

    leads: tuple[LeadId, ...]
    names: frozenset[str]

    @property
    def emails(self) -> frozenset[str]:
        """Their addresses."""
        return frozenset(filter(None, map(person_names.email, self.names)))

    @property
    def records(self) -> frozenset[record_references.Address]:
        """Their records: (connection, object, id)."""
        return frozenset(filter(None, map(person_names.record, self.names)))


def target(conn: Connection, asked: Iterable[str]) -> Target:
    """Who goes by one of these names now, else who once did; with everything they were merged with.

    An address that they once had and that is somebody else's now stays that person's.
    """
    names = set(asked)
    found = set(_having(conn, names)) or set(_formerly(conn, names))
    while True:
        grown = found | {each for row in conn.execute(_ANCESTRY, {"ids": listed(found)}) for each in row if each}
        if grown == found:
            break
        found = grown
    theirs = _names(conn, sorted(found))
    emails = {email for name in theirs - names if (email := person_names.email(name))}
    others = {person_names.of_email(email) for email, lead in leads.by_email(conn, emails).items() if lead not in found}
    return Target(leads=tuple(sorted(found)), names=frozenset(names | (theirs - others)))


def remove(conn: Connection, who: Target, now: Instant) -> dict[str, int]:
    """Delete everything that is about them; how many rows of which table.

    What their company's account signals gave others because of them is taken back, and derived again without them.
    """
    homes = _homes(conn, who.leads)
    counts = {"activities": _retract(conn, who.leads, homes, now)}
    for table, column in _OF_LEAD:
        gone = conn.execute(delete(table).where(among(column, "ids")), {"ids": listed(who.leads)}).rowcount
        counts[table.name] = counts.get(table.name, 0) + gone
    counts["refresh"] = _unwanted(conn, who)
    counts["crm_references"] += _records(conn, who)
    _companies(conn, who, homes, counts)
    conn.execute(_COLLEAGUES, {"ids": listed(homes)})  # theirs may name a record of the erased
    return counts


def _having(conn: Connection, names: Iterable[str]) -> Iterable[LeadId]:
    emails = [email for name in names if (email := person_names.email(name))]
    known = [record for name in names if (record := person_names.record(name))]
    yield from conn.execute(_SAME_EMAIL, {"emails": listed(emails)}).scalars()
    yield from other_emails.secondary(conn, emails).values()
    yield from record_references.ever_leads(conn, known).values()


def _formerly(conn: Connection, names: Iterable[str]) -> Iterable[LeadId]:
    emails = [email for name in names if (email := person_names.email(name))]
    return other_emails.former(conn, emails).values()


def _names(conn: Connection, ids: Sequence[LeadId]) -> set[str]:
    names: set[str] = set()
    for row in leads.get(conn, ids):
        names |= {person_names.of_email(str(each)) for each in (row.email, row.fields.get("email")) if each}
    for change in field_changes.history(conn, ids):
        if change.fields.get("email"):
            names.add(person_names.of_email(str(change.fields["email"])))
    for connection, name, key in conn.execute(_RECORDS, {"ids": listed(ids)}):
        names.add(person_names.of_record(connection, name, key))
    return names | {person_names.of_email(email) for email in other_emails.of_leads(conn, ids)}


def _homes(conn: Connection, ids: Sequence[LeadId]) -> list[AccountId]:
    found = {
        *conn.execute(_LIVES, {"ids": listed(ids)}).scalars(),
        *conn.execute(_HOMES, {"ids": listed(ids)}).scalars(),
    }
    for change in field_changes.history(conn, ids):
        found.add(AccountId(str(change.fields.get("account") or "")))
    return sorted(found - {AccountId("")})


def _retract(conn: Connection, ids: Sequence[LeadId], homes: Sequence[AccountId], now: Instant) -> int:
    causes = tuple(f"/{row.key}/" for row in activities.history(conn, ids))
    derived = {
        key: lead
        for key, lead in conn.execute(_DERIVED, {"ids": listed(homes)})
        if lead not in ids and any(cause in key for cause in causes)
    }
    dirty.mark(conn, sorted({lead for lead in derived.values() if lead}), now)
    dirty.mark_accounts(conn, homes, now)
    retractions.retract(conn, list(derived), [lead for lead in derived.values() if lead])
    return len(derived)


def _unwanted(conn: Connection, who: Target) -> int:
    """Nobody looks for them any more, nor reads their records."""
    gone = conn.execute(
        delete(people_to_find).where(among(people_to_find.c.email, "emails")), {"emails": listed(who.emails)}
    ).rowcount
    for connection, name, key in sorted(who.records):
        here = (wanted.c.connection == connection, wanted.c.object == name, wanted.c.external_id == key)
        gone += conn.execute(delete(wanted).where(*here)).rowcount
    return gone


def _records(conn: Connection, who: Target) -> int:
    """References that bear the id of a record of theirs and are not the lead's own: the company of that record."""
    gone = 0
    for connection, name, key in sorted(who.records):
        here = (
            records.c.connection == connection,
            records.c.object == f"{name}{COMPANY}",
            records.c.external_id == key,
        )
        gone += conn.execute(delete(records).where(*here)).rowcount
    return gone


def _companies(conn: Connection, who: Target, homes: Sequence[AccountId], counts: dict[str, int]) -> None:
    """A company that nobody else stands for goes too; of any other, the keys that bear the person's record."""
    alone = [home for home in homes if not _peopled(conn, home)]
    for table, column in _OF_ACCOUNT:
        gone = conn.execute(delete(table).where(among(column, "ids")), {"ids": listed(alone)}).rowcount
        counts[table.name] = counts.get(table.name, 0) + gone
    systems = catalogue.systems()
    voices = {each: {each, *(field_conflicts.key_prefix(one, each) for one in systems)} for each, _, _ in who.records}
    bearing = tuple(f"{voice}:{name}:{key}@" for each, name, key in who.records for voice in voices[each])
    for seq, key in conn.execute(_NAMED_AFTER, {"ids": listed(homes)}).all():
        if bearing and key.startswith(bearing):
            conn.execute(_RENAME.where(told.c.seq == seq).values(key=f"{person_names.ERASED}{seq}"))


def _peopled(conn: Connection, account: str) -> bool:
    """Whether anybody else is there, or a CRM has a record of the company, or a deal with it."""
    asked = (
        select(people.c.id).where(people.c.account_id == account),
        select(records.c.external_id).where(records.c.account_id == account),
        select(opportunities.c.id).where(opportunities.c.account_id == account),
        select(deeds.c.key).where(deeds.c.account_id == account),
    )
    return any(conn.execute(each.limit(1)).first() is not None for each in asked)
