"""Accounts: companies, and which leads belong to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, update

from integration.store.db.dialects import among, insert_new, run_many
from integration.store.db.json_codec import decode_fields, encode, listed
from integration.store.people import record_references
from integration.store.people.record_references import Address, Reference
from integration.store.schema.tables import ONE, accounts, leads
from mappings.model.canonical import Fields
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A company nobody knew."""

    id: AccountId
    domain: str | None
    fields: Fields
    created_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFields:
    """The current canonical fields of a known account, whole."""

    id: AccountId
    domain: str | None
    fields: Fields
    updated_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAccount:
    """What a derivation of signals leaves behind. `state` is JSON text, and holds what is stored up to `seen`.

    `read` is the `seen` that the account had when it was read.
    """

    id: AccountId
    state: str | None
    seen: int
    read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account as stored; `state` is JSON text, None where its signals are to be derived from the whole history."""

    id: AccountId
    domain: str | None
    fields: Fields
    state: str | None
    seen: int
    due: Instant | None
    created_at: Instant
    updated_at: Instant
    version: int | None
    """The version of the playbook that its signals were derived under."""


_BY_DOMAIN = (
    select(accounts.c.domain, accounts.c.id)
    .where(among(accounts.c.domain, "domains"))
    .order_by(accounts.c.created_at.desc(), accounts.c.id.desc())
)
_ADD = insert_new(accounts, ["id"])
_GET = select(*accounts.c).where(among(accounts.c.id, "ids"))
_SAVE = (
    update(accounts)
    .where(accounts.c.id == bindparam("row"), accounts.c.seen == bindparam("read"))
    .values(state=bindparam("new_state"), seen=bindparam("new_seen"))
)
_FORGET = (
    update(accounts).where(accounts.c.id == bindparam("row")).values(state=None, seen=-func.abs(accounts.c.seen) - ONE)
)
_SET_FIELDS = (
    update(accounts)
    .where(accounts.c.id == bindparam("row"))
    .values({name: bindparam(name) for name in ("domain", "fields", "updated_at")})
)
_MEMBERS = (
    select(leads.c.id).where(among(leads.c.account_id, "ids"), leads.c.merged_into.is_(None)).order_by(leads.c.id)
)


def by_domain(conn: Connection, domains: Iterable[str]) -> dict[str, AccountId]:
    """Account id by domain, as `mappings.values.domains` spells it; the oldest account where several share one."""
    wanted = set(domains)
    return dict(conn.execute(_BY_DOMAIN, {"domains": listed(wanted)}).all()) if wanted else {}


def by_reference(conn: Connection, addresses: Iterable[Address]) -> dict[Address, AccountId]:
    """Account id by (system, object, external id)."""
    return record_references.accounts(conn, addresses)


def add(conn: Connection, rows: Sequence[NewAccount]) -> None:
    """Add accounts; an id that is there already is left as it is."""
    if rows:
        conn.execute(
            _ADD.on(conn),
            [
                {
                    "id": row.id,
                    "domain": row.domain,
                    "fields": encode(row.fields),
                    "created_at": row.created_at,
                    "updated_at": row.created_at,
                }
                for row in rows
            ],
        )


def get(conn: Connection, account_ids: Iterable[AccountId]) -> list[AccountRow]:
    """The accounts of these ids that exist, in any order."""
    return [
        AccountRow(**row | {"fields": decode_fields(row["fields"])})
        for row in map(dict, conn.execute(_GET, {"ids": listed(account_ids)}).mappings())
    ]


def save(conn: Connection, rows: Sequence[SavedAccount]) -> None:
    """Store what was derived, but not of an account that was forgotten meanwhile.

    Check the lease in the same transaction (leases.extend).
    """
    if rows:
        run_many(
            conn,
            _SAVE,
            [
                {"row": row.id, "read": row.read, "new_state": row.state, "new_seen": row.seen}
                for row in sorted(rows, key=lambda row: row.id)
            ],
        )


def forget(conn: Connection, account_ids: Iterable[AccountId]) -> None:
    """What these accounts' signals were derived from has changed: the next derivation starts from the beginning.

    To be called in the transaction that changes it. A derivation that is under way leaves no state behind.
    """
    rows = [{"row": account} for account in sorted(set(account_ids))]
    if rows:
        run_many(conn, _FORGET, rows)


def set_fields(conn: Connection, rows: Sequence[AccountFields]) -> None:
    """Replace the current canonical fields of accounts."""
    if rows:
        conn.execute(
            _SET_FIELDS,
            [
                {
                    "row": row.id,
                    "domain": row.domain,
                    "fields": encode(row.fields),
                    "updated_at": row.updated_at,
                }
                for row in sorted(rows, key=lambda row: row.id)
            ],
        )


def members(conn: Connection, account_ids: Iterable[AccountId]) -> list[LeadId]:
    """The ids of the leads of these accounts, in order."""
    wanted = list(account_ids)
    return list(conn.execute(_MEMBERS, {"ids": listed(wanted)}).scalars()) if wanted else []


def link(conn: Connection, rows: Iterable[Reference]) -> None:
    """These CRM records are these accounts."""
    record_references.link(conn, rows)
