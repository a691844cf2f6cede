"""Activities: what people did, each once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Result,
    and_,
    bindparam,
    case,
    cast,
    func,
    not_,
    or_,
    select,
    union_all,
    update,
)

from integration.store.db.dialects import among, elements, insert_new, pairs
from integration.store.db.json_codec import decode_fields, encode, listed
from integration.store.db.numbering import numbers
from integration.store.schema.tables import activities, leads
from mappings.model.canonical import Fields
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant


class NewActivity(NamedTuple):
    """Something that was received; `key` ("source:id") is what makes it the same as an earlier one."""

    key: str
    lead_id: LeadId | None
    at: Instant
    type: str
    properties: Fields
    source: str
    account_id: AccountId | None = None
    derived: bool = False
    named: str | None = None
    """Whom its source named, as JSON: `lead`, `email`, `account`. None where the source is a CRM, or ourselves."""


class Stored(NamedTuple):
    """What is compared with another activity of the same key, and whose it is."""

    lead_id: LeadId | None
    account_id: AccountId | None
    at: Instant
    type: str
    properties: Fields
    named: str | None


class ActivityRow(NamedTuple):
    """An activity as stored; `seq` grows in the order of commits for each lead."""

    seq: int
    key: str
    lead_id: LeadId | None
    account_id: AccountId | None
    at: Instant
    type: str
    properties: Fields
    source: str
    derived: bool


_a = activities.c
_COLUMNS = (_a.seq, _a.key, _a.lead_id, _a.account_id, _a.at, _a.type, _a.properties, _a.source, _a.derived)
_WRITTEN = [each.name for each in (*_COLUMNS, _a.named)]
_ADD = insert_new(activities, ["key"], columns=_WRITTEN, returning=[_a.lead_id, _a.account_id])
_KEEP = insert_new(activities, ["key"], columns=_WRITTEN)
_REPLACED = ("seq", "lead_id", "account_id", "at", "type", "properties", "named")
_REPLACE = (
    update(activities).where(_a.key == bindparam("row")).values({name: bindparam(f"new_{name}") for name in _REPLACED})
)
_seen = pairs("seen")
_FRESH = (
    select(*_COLUMNS)
    .select_from(_seen.join(activities, _a.lead_id == _seen.c.key))
    .where(_a.seq > cast(_seen.c.value, BigInteger))
    .order_by(_a.at, _a.key)
)
_since = pairs("since")
_SINCE = (
    select(*_COLUMNS)
    .select_from(_since.join(activities, _a.lead_id == _since.c.key))
    .where(_a.at >= cast(_since.c.value, BigInteger))
    .order_by(_a.at, _a.key)
)
_those = elements("ids")
_FIRST = select(_those.c.value, select(func.min(_a.at)).where(_a.lead_id == _those.c.value).scalar_subquery())
_HISTORY = select(*_COLUMNS).where(among(_a.lead_id, "ids")).order_by(_a.at, _a.key)
_KNOWN = select(_a.key).where(among(_a.key, "keys"))
_STORED = select(_a.key, _a.lead_id, _a.account_id, _a.at, _a.type, _a.properties, _a.named).where(
    among(_a.key, "keys")
)
_HOLDERS = select(_a.key, _a.lead_id, _a.type).where(among(_a.key, "keys"))
_DERIVED = (
    select(*_COLUMNS)
    .where(_a.derived.is_(True), among(_a.lead_id, "leads"), among(_a.account_id, "accounts"))
    .order_by(_a.at, _a.key)
)
_of_accounts = pairs("of_accounts")
_AT_ACCOUNTS = union_all(
    select(_of_accounts.c.key.label("account"), *_COLUMNS)
    .select_from(
        _of_accounts.join(leads, leads.c.account_id == _of_accounts.c.key).join(activities, _a.lead_id == leads.c.id)
    )
    .where(leads.c.merged_into.is_(None), _a.seq > cast(_of_accounts.c.value, BigInteger)),
    select(_of_accounts.c.key.label("account"), *_COLUMNS)
    .select_from(_of_accounts.join(activities, _a.account_id == _of_accounts.c.key))
    .where(func.coalesce(_a.lead_id, "") == "", _a.seq > cast(_of_accounts.c.value, BigInteger)),
)
_LATEST = select(func.max(_a.seq))
_account = case((func.coalesce(_a.lead_id, "") == "", _a.account_id), else_=leads.c.account_id)
_LATELY_AT_ACCOUNTS = (
    select(_account.label("account"), *_COLUMNS)
    .select_from(activities.outerjoin(leads, and_(leads.c.id == _a.lead_id, leads.c.merged_into.is_(None))))
    .where(_a.seq > bindparam("least"), among(_account, "accounts"))
)
_LATELY = 2_000
"""Where no more than so many activities were stored since, all of them are looked at: an account may have more people
than these, and each person costs a look-up."""


def _by_those(of_types: ColumnElement[bool]) -> CompoundSelect[Any]:
    """By these leads, or by nobody known at these accounts. In two parts: an OR of both lets no index be used."""
    by_leads = select(*_COLUMNS).where(among(_a.lead_id, "leads"), of_types)
    unknown = func.coalesce(_a.lead_id, "") == ""
    both = union_all(by_leads, select(*_COLUMNS).where(unknown, among(_a.account_id, "accounts"), of_types))
    return both.order_by(both.selected_columns["at"], both.selected_columns["key"])


_SEEN_BY = _by_those(among(_a.type, "types"))
_SEEN_BY_OR_FOREIGN = _by_those(or_(among(_a.type, "types"), not_(among(_a.type, "known"))))


def add(conn: Connection, rows: Sequence[NewActivity]) -> list[tuple[str | None, str | None]]:
    """Add those that are new; answers the (lead id, account id) of each one really inserted.

    Call `dirty.mark` for the leads (and accounts) first, in the same transaction.
    """
    return [(lead, account) for lead, account in _ADD.many(conn, _values(conn, rows))] if rows else []


def keep(conn: Connection, rows: Sequence[NewActivity]) -> None:
    """As `add`, for whoever needs no answer: much faster on SQLite."""
    if rows:
        _KEEP.many(conn, _values(conn, rows))


def known(conn: Connection, keys: Iterable[str]) -> set[str]:
    """Those of the keys that are stored."""
    return set(conn.execute(_KNOWN, {"keys": listed(keys)}).scalars())


def stored(conn: Connection, keys: Iterable[str]) -> dict[str, Stored]:
    """What is stored under these keys."""
    return {
        key: Stored(lead, account, at, kind, decode_fields(properties), named)
        for key, lead, account, at, kind, properties, named in conn.execute(_STORED, {"keys": listed(keys)})
    }


def replace(conn: Connection, rows: Sequence[NewActivity]) -> None:
    """Put these in the place of what is stored under their keys.

    Mark the leads of both with `dirty.mark` first, and have them decided from the beginning (`retractions.anew`).
    """
    if rows:
        values = _values(conn, rows)
        conn.execute(
            _REPLACE, [{"row": row["key"]} | {f"new_{name}": row[name] for name in _REPLACED} for row in values]
        )


def holders(conn: Connection, keys: Iterable[str]) -> dict[str, tuple[str | None, str]]:
    """Whose each of these activities is now, and of which type; those that are not stored are absent."""
    return {key: (lead, kind) for key, lead, kind in conn.execute(_HOLDERS, {"keys": listed(keys)})}


def fresh(conn: Connection, seen: Mapping[LeadId, int]) -> list[ActivityRow]:
    """What each lead (key) did that was stored after the number it has seen (value); by time, then key."""
    return _rows(conn.execute(_FRESH, {"seen": encode(seen)}))


def since(conn: Connection, times: Mapping[LeadId, Instant]) -> list[ActivityRow]:
    """What each lead (key) did from a time on (value); by time, then key."""
    return _rows(conn.execute(_SINCE, {"since": encode(times)}))


def first(conn: Connection, lead_ids: Iterable[LeadId]) -> dict[LeadId, Instant]:
    """When each of these leads first did anything; those who never did are absent."""
    return {lead: at for lead, at in conn.execute(_FIRST, {"ids": listed(lead_ids)}) if at is not None}


def history(conn: Connection, lead_ids: Iterable[LeadId]) -> list[ActivityRow]:
    """Everything these leads ever did, by time, then key."""
    wanted = list(lead_ids)
    return _rows(conn.execute(_HISTORY, {"ids": listed(wanted)})) if wanted else []


def seen_by(
    conn: Connection,
    lead_ids: Iterable[LeadId],
    account_ids: Iterable[AccountId],
    types: Iterable[str],
    known: Iterable[str] | None = None,
) -> list[ActivityRow]:
    """Activities of these types by these leads, and by people nobody knows at these accounts; by time, then key.

    Where all the `known` types are given, those of any other type come as well: they may be recognised.
    """
    people, companies = list(lead_ids), list(account_ids)
    if not people and not companies:
        return []
    wanted = {"leads": listed(people), "accounts": listed(companies), "types": listed(types)}
    if known is None:
        return _rows(conn.execute(_SEEN_BY, wanted))
    return _rows(conn.execute(_SEEN_BY_OR_FOREIGN, {**wanted, "known": listed(known)}))


def fresh_at(conn: Connection, seen: Mapping[AccountId, int]) -> dict[AccountId, list[ActivityRow]]:
    """What people of each account (key), known or not, did that was stored after the number it has seen (value)."""
    found: dict[AccountId, list[ActivityRow]] = {account: [] for account in seen}
    if not seen:
        return found
    least = min(seen.values())
    if (conn.execute(_LATEST).scalar() or 0) - least <= _LATELY:
        rows = conn.execute(_LATELY_AT_ACCOUNTS, {"least": least, "accounts": listed(seen)}).all()
    else:
        rows = conn.execute(_AT_ACCOUNTS, {"of_accounts": encode(seen)}).all()
    for account, seq, *rest in rows:
        if seq > seen[account]:
            found[account].append(_row(seq, *rest))
    return found


def derived(conn: Connection, lead_ids: Iterable[LeadId], account_ids: Iterable[AccountId]) -> list[ActivityRow]:
    """What was derived for these leads from the signals of these accounts; by time, then key."""
    people, companies = list(lead_ids), list(account_ids)
    if not people or not companies:
        return []
    return _rows(conn.execute(_DERIVED, {"leads": listed(people), "accounts": listed(companies)}))


def _values(conn: Connection, rows: Sequence[NewActivity]) -> list[dict[str, Any]]:
    return [
        {
            "seq": seq,
            "key": row.key,
            "lead_id": row.lead_id,
            "account_id": row.account_id,
            "at": row.at,
            "type": row.type,
            "properties": encode(row.properties),
            "source": row.source,
            "derived": row.derived,
            "named": row.named,
        }
        for seq, row in zip(numbers(conn, len(rows)), rows, strict=True)
    ]


def _rows(found: Result[*tuple[Any, ...]]) -> list[ActivityRow]:
    return [_row(*row) for row in found.all()]


def _row(  # noqa: PLR0913, PLR0917 - the columns of the table
    seq: int,
    key: str,
    lead: LeadId | None,
    account: AccountId | None,
    at: Instant,
    kind: str,
    properties: str,
    source: str,
    derived: bool,  # noqa: FBT001 - a column of the table
) -> ActivityRow:
    return ActivityRow(seq, key, lead, account, at, kind, decode_fields(properties), source, derived)
