"""References: which CRM record is which lead or account, and what was last written to it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, update

from integration.store.code import decode_fields, encode, listed
from integration.store.dialects import among, upsert
from integration.store.tables import references
from mappings.canonical import Fields

PEOPLE = ("Contact", "contact", "Lead")
"""The objects that are a person, the preferred first: a converted Salesforce Lead cannot be written."""

Address = tuple[str, str, str]
"""(system, object, external id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One CRM record; exactly one of `lead_id` and `account_id` says what it is here."""

    system: str
    object: str
    external_id: str
    lead_id: str | None = None
    account_id: str | None = None
    written: Fields | None = None
    """The values that were last written there, by us; only read, see `wrote`."""


_COLUMNS = (
    references.c.system,
    references.c.object,
    references.c.external_id,
    references.c.lead_id,
    references.c.account_id,
    references.c.written,
)
_BY_ID = (
    references.c.system == bindparam("system"),
    references.c.object == bindparam("object"),
    among(references.c.external_id, "ids"),
)
_LEADS = select(references.c.external_id, references.c.lead_id).where(*_BY_ID, references.c.lead_id.is_not(None))
_ACCOUNTS = select(references.c.external_id, references.c.account_id).where(
    *_BY_ID, references.c.account_id.is_not(None)
)
_OF_LEADS = select(*_COLUMNS).where(among(references.c.lead_id, "ids"))
_OF_ACCOUNTS = select(*_COLUMNS).where(among(references.c.account_id, "ids"))
_LINK = upsert(
    references,
    ["system", "object", "external_id"],
    lambda new: {"lead_id": new.lead_id, "account_id": new.account_id},
)
_ONE: tuple[ColumnElement[bool], ...] = (
    references.c.system == bindparam("s"),
    references.c.object == bindparam("o"),
    references.c.external_id == bindparam("e"),
)
_WROTE = update(references).where(*_ONE).values(written=bindparam("w"))
_UNLINK = delete(references).where(*_ONE)


def link(conn: Connection, rows: Iterable[Reference]) -> None:
    """These CRM records are these leads and accounts, whatever they were before; `written` is kept."""
    unique = {(row.system, row.object, row.external_id): row for row in rows}
    if unique:
        conn.execute(
            _LINK.on(conn),
            [
                {
                    "system": row.system,
                    "object": row.object,
                    "external_id": row.external_id,
                    "lead_id": row.lead_id,
                    "account_id": row.account_id,
                }
                for _, row in sorted(unique.items())
            ],
        )


def unlink(conn: Connection, addresses: Sequence[Address]) -> None:
    """These CRM records are gone."""
    if addresses:
        conn.execute(_UNLINK, [{"s": system, "o": name, "e": key} for system, name, key in addresses])


def wrote(conn: Connection, rows: Sequence[tuple[str, str, str, Mapping[str, Any]]]) -> None:
    """The CRM accepted these values for (system, object, external id); an echo is recognised by them."""
    if rows:
        conn.execute(
            _WROTE, [{"s": system, "o": name, "e": key, "w": encode(values)} for system, name, key, values in rows]
        )


def leads(conn: Connection, addresses: Iterable[Address]) -> dict[Address, str]:
    """The lead id of each address that is known to be a lead."""
    return _resolve(conn, _LEADS, addresses)


def accounts(conn: Connection, addresses: Iterable[Address]) -> dict[Address, str]:
    """The account id of each address that is known to be an account."""
    return _resolve(conn, _ACCOUNTS, addresses)


def of_leads(conn: Connection, lead_ids: Iterable[str]) -> dict[str, list[Reference]]:
    """Every CRM record of these leads, people's preferred objects first; leads without one are absent."""
    found: defaultdict[str, list[Reference]] = defaultdict(list)
    for row in conn.execute(_OF_LEADS, {"ids": listed(lead_ids)}):
        reference = _reference(row)
        found[str(reference.lead_id)].append(reference)
    return {lead: sorted(known, key=_preference) for lead, known in found.items()}


def of_accounts(conn: Connection, account_ids: Iterable[str]) -> dict[str, list[Reference]]:
    """Every CRM record of these accounts; accounts without one are absent."""
    found: defaultdict[str, list[Reference]] = defaultdict(list)
    for row in conn.execute(_OF_ACCOUNTS, {"ids": listed(account_ids)}):
        reference = _reference(row)
        found[str(reference.account_id)].append(reference)
    return dict(found)


def _preference(reference: Reference) -> tuple[int, str, str]:
    rank = PEOPLE.index(reference.object) if reference.object in PEOPLE else len(PEOPLE)
    return rank, reference.system, reference.external_id


def _reference(row: Sequence[Any]) -> Reference:
    system, name, external_id, lead_id, account_id, written = row
    return Reference(
        system=system,
        object=name,
        external_id=external_id,
        lead_id=lead_id,
        account_id=account_id,
        written=None if written is None else decode_fields(written),
    )


def _resolve(conn: Connection, statement: Any, addresses: Iterable[Address]) -> dict[Address, str]:
    wanted: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for system, name, external_id in addresses:
        wanted[system, name].add(external_id)
    return {
        (system, name, external_id): resolved
        for (system, name), ids in wanted.items()
        for external_id, resolved in conn.execute(
            statement, {"system": system, "object": name, "ids": listed(sorted(ids))}
        )
    }
