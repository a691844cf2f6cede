"""Field changes over time, of leads and accounts, so that an old decision is replayed with the fields of its day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Result, cast, select, union

from integration.store.db.dialects import among, insert_new, pairs
from integration.store.db.json_codec import decode_fields, encode, listed
from integration.store.db.numbering import numbers
from integration.store.schema.tables import changes
from mappings.model.canonical import Fields
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """Fields that took these values at this time, of a lead or of an account (the other id is None).

    `key` is the source's own for this fact; the same key for the same lead (or account) counts once. An `initial` one
    marks first values, which count from before everything else: see mappings.translate.first_values.
    """

    key: str
    at: Instant
    fields: Fields
    lead_id: LeadId | None = None
    account_id: AccountId | None = None
    initial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A change as stored; `seq` is of the same numbering as the activities'."""

    seq: int
    key: str
    lead_id: LeadId | None
    account_id: AccountId | None
    at: Instant
    fields: Fields
    initial: bool = False

    @property
    def answer(self) -> bool:
        """Whether sales gave it with what it said of a task."""
        return ANSWER in self.key


ANSWER = "#answer:"
"""What the keys of changes contain that sales gave with what it said of a task."""
_c = changes.c
_COLUMNS = (_c.seq, _c.key, _c.lead_id, _c.account_id, _c.at, _c.fields, _c.initial)
_ADD = insert_new(changes, None, columns=[each.name for each in _COLUMNS], returning=[_c.lead_id, _c.account_id])
_lead_seen, _account_seen = pairs("leads"), pairs("accounts")
_FRESH_LEADS = (
    select(*_COLUMNS)
    .select_from(_lead_seen.join(changes, _c.lead_id == _lead_seen.c.key))
    .where(_c.seq > cast(_lead_seen.c.value, BigInteger))
)
_FRESH_ACCOUNTS = (
    select(*_COLUMNS)
    .select_from(_account_seen.join(changes, _c.account_id == _account_seen.c.key))
    .where(_c.seq > cast(_account_seen.c.value, BigInteger))
)
_FRESH = union(_FRESH_LEADS, _FRESH_ACCOUNTS)
_HISTORY = union(
    select(*_COLUMNS).where(among(_c.lead_id, "leads")), select(*_COLUMNS).where(among(_c.account_id, "accounts"))
)
"""In two parts: an OR of both lets no index be used."""


def add(conn: Connection, rows: Sequence[NewChange]) -> list[tuple[str | None, str | None]]:
    """Add those that are new; answers the (lead id, account id) of each one really inserted.

    Call `dirty.mark` for the leads, `dirty.mark_accounts` for the accounts and `dirty.mark` for the
    accounts' members first, in the same transaction.
    """
    if not rows:
        return []
    values = [
        {
            "seq": seq,
            "key": row.key,
            "lead_id": row.lead_id,
            "account_id": row.account_id,
            "at": row.at,
            "fields": encode(row.fields),
            "initial": row.initial,
        }
        for seq, row in zip(numbers(conn, len(rows)), rows, strict=True)
    ]
    return [(lead, account) for lead, account in _ADD.many(conn, values)]


def fresh(
    conn: Connection, leads: Mapping[LeadId, int], accounts: Mapping[AccountId, int] | None = None
) -> list[ChangeRow]:
    """The changes of leads (id → number seen) and accounts (id → number seen) since; by time, then key."""
    return _rows(conn.execute(_FRESH, {"leads": encode(leads), "accounts": encode(accounts or {})}))


def history(conn: Connection, lead_ids: Iterable[LeadId], account_ids: Iterable[AccountId] = ()) -> list[ChangeRow]:
    """Every change of these leads and accounts, by time, then key."""
    leads, accounts = list(lead_ids), list(account_ids)
    if not leads and not accounts:
        return []
    return _rows(conn.execute(_HISTORY, {"leads": listed(leads), "accounts": listed(accounts)}))


def _rows(found: Result[*tuple[Any, ...]]) -> list[ChangeRow]:
    rows = [
        ChangeRow(
            seq=seq,
            key=key,
            lead_id=lead,
            account_id=account,
            at=at,
            fields=decode_fields(fields),
            initial=bool(initial),
        )
        for seq, key, lead, account, at, fields, initial in found.all()
    ]
    return sorted(rows, key=lambda row: (row.at, row.key))
