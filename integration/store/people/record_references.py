"""Record references: which CRM record is which lead or account, and what was last written to it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, update

from integration.store.db.dialects import among, run_many, upsert
from integration.store.db.json_codec import decode_fields, encode, listed
from integration.store.schema.tables import references
from mappings.model import catalogue
from mappings.model.canonical import Fields

PEOPLE = catalogue.people()
"""The objects that are a person in any CRM, the preferred first. One process has one set of CRMs, from its start."""

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
_MET = (
    select(references.c.system, references.c.lead_id)
    .distinct()
    .where(among(references.c.lead_id, "ids"), references.c.object.in_(PEOPLE))
)
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
_TOLD = select(references.c.external_id, references.c.told).where(*_BY_ID, references.c.told.is_not(None))
_TELL = update(references).where(*_ONE).values(told=bindparam("t"))
_RENAME = update(references).where(*_ONE).values(system=bindparam("n"))
_MOVE = update(references).where(references.c.lead_id == bindparam("loser")).values(lead_id=bindparam("winner"))
_DELETED = " (deleted)"
"""What a system's name ends in for its deleted records: nobody writes there, and undeletion brings them back."""


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


def wrote(conn: Connection, rows: Sequence[tuple[str, str, str, str]]) -> None:
    """The CRM accepted these values (JSON text) for (system, object, external id); an echo is recognised by them."""
    if rows:
        run_many(
            conn,
            _WROTE,
            [{"s": system, "o": name, "e": key, "w": values} for system, name, key, values in rows],
        )


def told(conn: Connection, addresses: Iterable[Address]) -> dict[Address, Fields]:
    """What each of these CRM records said last; those without any are absent."""
    return {key: decode_fields(fields) for key, fields in _resolve(conn, _TOLD, addresses).items()}


def tell(conn: Connection, rows: Sequence[tuple[Address, Fields]]) -> None:
    """These CRM records said this now."""
    if rows:
        run_many(
            conn,
            _TELL,
            [{"s": system, "o": name, "e": key, "t": encode(fields)} for (system, name, key), fields in rows],
        )


def buried(system: str) -> str:
    """What a system's deleted records are kept under."""
    return system + _DELETED


def unburied(system: str) -> str:
    """The system whose records these are, deleted or not."""
    return system.removesuffix(_DELETED)


def bury(conn: Connection, addresses: Iterable[Address]) -> None:
    """These CRM records are deleted: whose they were is kept, in case they come back."""
    _rename(conn, [(address, address[0] + _DELETED) for address in leads(conn, addresses)])


def revive(conn: Connection, addresses: Iterable[Address]) -> None:
    """These CRM records are there; of those that were deleted it is known again whose they are."""
    asked = set(addresses)
    buried = [(system + _DELETED, name, key) for system, name, key in asked - leads(conn, asked).keys()]
    known = leads(conn, buried)
    _rename(conn, [(address, address[0].removesuffix(_DELETED)) for address in known])


def move(conn: Connection, loser: str, winner: str) -> None:
    """Every CRM record of the lead `loser` is `winner`'s."""
    conn.execute(_MOVE, {"loser": loser, "winner": winner})


def _rename(conn: Connection, rows: Sequence[tuple[Address, str]]) -> None:
    """The old name's place is taken only by an older state of the same record, which gives way."""
    if rows:
        unlink(conn, [(system, name, key) for (_, name, key), system in rows])
        conn.execute(_RENAME, [{"s": old, "o": name, "e": key, "n": system} for (old, name, key), system in rows])


def leads(conn: Connection, addresses: Iterable[Address]) -> dict[Address, str]:
    """The lead id of each address that is known to be a lead."""
    return _resolve(conn, _LEADS, addresses)


def accounts(conn: Connection, addresses: Iterable[Address]) -> dict[Address, str]:
    """The account id of each address that is known to be an account."""
    return _resolve(conn, _ACCOUNTS, addresses)


def of_leads(conn: Connection, lead_ids: Iterable[str]) -> dict[str, list[Reference]]:
    """Every CRM record of these leads, people's preferred objects first; leads without one are absent."""
    found: defaultdict[str, list[Reference]] = defaultdict(list)
    for row in conn.execute(_OF_LEADS, {"ids": listed(lead_ids)}).all():
        reference = _reference(row)
        found[str(reference.lead_id)].append(reference)
    return {lead: sorted(known, key=_preference) for lead, known in found.items()}


def met(conn: Connection, lead_ids: Iterable[str]) -> dict[str, list[str]]:
    """By system, those of these leads that have a person's record there."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for system, lead in conn.execute(_MET, {"ids": listed(lead_ids)}).all():
        found[system].append(lead)
    return dict(found)


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
        ).all()
    }
