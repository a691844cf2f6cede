"""Record references: which CRM record is which lead or account, and what was last written to it.

A record that was deleted in its CRM keeps its row, marked as deleted: nobody reads or writes there, and undeletion
brings it back as whose it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, false, null, select, true, tuple_, update

from integration.store.db.dialects import among, run_many, upsert
from integration.store.db.json_codec import decode_fields, encode, listed
from integration.store.schema.tables import references
from mappings.model import catalogue
from mappings.model.canonical import Fields
from mappings.values.identifiers import AccountId, ConnectionName, ExternalId, LeadId

PEOPLE = catalogue.people()
"""The objects that are a person in any CRM, the preferred first. One process has one set of CRMs, from its start."""

Address = tuple[ConnectionName, str, ExternalId]
"""(connection, object, external id). A source of activities with ids of its own stands for a connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One CRM record; exactly one of `lead_id` and `account_id` says what it is here."""

    connection: ConnectionName
    object: str
    external_id: ExternalId
    lead_id: LeadId | None = None
    account_id: AccountId | None = None
    written: Fields | None = None
    """The values that were last written there, by us; only read, see `wrote`."""


_COLUMNS = (
    references.c.connection,
    references.c.object,
    references.c.external_id,
    references.c.lead_id,
    references.c.account_id,
    references.c.written,
)
_there = references.c.deleted.is_(False)
_SAME = (
    references.c.connection == bindparam("connection"),
    references.c.object == bindparam("object"),
    among(references.c.external_id, "ids"),
)
_BY_ID = (*_SAME, _there)
_LEADS = select(references.c.external_id, references.c.lead_id).where(*_BY_ID, references.c.lead_id.is_not(None))
_EVER_LEADS = select(references.c.external_id, references.c.lead_id).where(*_SAME, references.c.lead_id.is_not(None))
_ACCOUNTS = select(references.c.external_id, references.c.account_id).where(
    *_BY_ID, references.c.account_id.is_not(None)
)
_OF_LEADS = select(*_COLUMNS).where(among(references.c.lead_id, "ids"), _there)
_OF_ACCOUNTS = select(*_COLUMNS).where(among(references.c.account_id, "ids"), _there)
_READ_AFTER = (
    select(*_COLUMNS)
    .where(
        references.c.connection == bindparam("connection"),
        tuple_(references.c.object, references.c.external_id) > tuple_(bindparam("object"), bindparam("id")),
        references.c.told.is_not(None),
        _there,
    )
    .order_by(references.c.object, references.c.external_id)
    .limit(bindparam("n"))
)
_RECORDED = (
    select(references.c.lead_id).distinct().where(among(references.c.lead_id, "ids"), references.c.object.in_(PEOPLE))
)
_MET = (
    select(references.c.connection, references.c.lead_id)
    .distinct()
    .where(among(references.c.lead_id, "ids"), references.c.object.in_(PEOPLE), _there)
)
_LINK = upsert(
    references,
    ["connection", "object", "external_id"],
    lambda new: {
        "lead_id": new.lead_id,
        "account_id": new.account_id,
        "deleted": false(),
        # One that comes back as somebody else's has given no value here, and nothing was written to it.
        **{name: case((_there, references.c[name]), else_=null()) for name in ("written", "told", "held")},
    },
)
_ONE: tuple[ColumnElement[bool], ...] = (
    references.c.connection == bindparam("s"),
    references.c.object == bindparam("o"),
    references.c.external_id == bindparam("e"),
)
_WROTE = update(references).where(*_ONE, _there).values(written=bindparam("w"))
_UNLINK = delete(references).where(*_ONE, _there)
_TOLD = select(references.c.external_id, references.c.told).where(*_BY_ID, references.c.told.is_not(None))
_TELL = update(references).where(*_ONE, _there).values(told=bindparam("t"))
_OF_A_LEAD = (*_ONE, references.c.lead_id.is_not(None))
_BURY = update(references).where(*_OF_A_LEAD, _there).values(deleted=true())
_REVIVE = (
    update(references)
    .where(
        references.c.connection == bindparam("s"),
        references.c.object == bindparam("o"),
        among(references.c.external_id, "ids"),
        references.c.lead_id.is_not(None),
        references.c.deleted.is_(True),
    )
    .values(deleted=false())
    .returning(references.c.lead_id)
)
_MOVE = update(references).where(references.c.lead_id == bindparam("loser")).values(lead_id=bindparam("winner"))


def link(conn: Connection, rows: Iterable[Reference]) -> None:
    """These CRM records are these leads and accounts, whatever they were before; `written` is kept."""
    unique = {(row.connection, row.object, row.external_id): row for row in rows}
    if unique:
        conn.execute(
            _LINK.on(conn),
            [
                {
                    "connection": row.connection,
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
        conn.execute(_UNLINK, _rows(addresses))


def wrote(conn: Connection, rows: Sequence[tuple[ConnectionName, str, ExternalId, str]]) -> None:
    """The CRM accepted these values (JSON text) for (connection, object, external id): an echo is known by them."""
    if rows:
        run_many(
            conn,
            _WROTE,
            [{"s": connection, "o": name, "e": key, "w": values} for connection, name, key, values in rows],
        )


def last_said(conn: Connection, addresses: Iterable[Address]) -> dict[Address, Fields]:
    """What each of these CRM records said last; those without any are absent."""
    return {key: decode_fields(fields) for key, fields in _resolve(conn, _TOLD, addresses).items()}


def tell(conn: Connection, rows: Sequence[tuple[Address, Fields]]) -> None:
    """These CRM records said this now."""
    if rows:
        run_many(
            conn,
            _TELL,
            [{"s": connection, "o": name, "e": key, "t": encode(fields)} for (connection, name, key), fields in rows],
        )


def bury(conn: Connection, addresses: Iterable[Address]) -> None:
    """These CRM records are deleted: whose they were is kept, in case they come back."""
    rows = _rows(addresses)
    if rows:
        conn.execute(_BURY, rows)


def revive(conn: Connection, addresses: Iterable[Address]) -> set[LeadId]:
    """These CRM records are there; the leads of those that were deleted: it is known again whose they are."""
    return {
        lead
        for (connection, name), ids in _by_object(addresses).items()
        for lead in conn.execute(_REVIVE, {"s": connection, "o": name, "ids": listed(ids)}).scalars()
    }


def move(conn: Connection, loser: LeadId, winner: LeadId) -> None:
    """Every CRM record of the lead `loser` is `winner`'s."""
    conn.execute(_MOVE, {"loser": loser, "winner": winner})


def leads(conn: Connection, addresses: Iterable[Address]) -> dict[Address, LeadId]:
    """The lead id of each address that is known to be a lead."""
    return _resolve(conn, _LEADS, addresses)


def ever_leads(conn: Connection, addresses: Iterable[Address]) -> dict[Address, LeadId]:
    """The lead id of each address that is known to be a lead, or was before the record was deleted."""
    return _resolve(conn, _EVER_LEADS, addresses)


def accounts(conn: Connection, addresses: Iterable[Address]) -> dict[Address, AccountId]:
    """The account id of each address that is known to be an account."""
    return _resolve(conn, _ACCOUNTS, addresses)


def of_leads(conn: Connection, lead_ids: Iterable[LeadId]) -> dict[LeadId, list[Reference]]:
    """Every CRM record of these leads, people's preferred objects first; leads without one are absent."""
    found: defaultdict[LeadId, list[Reference]] = defaultdict(list)
    wanted = list(lead_ids)
    for row in conn.execute(_OF_LEADS, {"ids": listed(wanted)}).all() if wanted else ():
        reference = _reference(row)
        found[LeadId(str(reference.lead_id))].append(reference)
    return {lead: sorted(known, key=_preference) for lead, known in found.items()}


def of_accounts(conn: Connection, account_ids: Iterable[AccountId]) -> dict[AccountId, list[Reference]]:
    """Every CRM record of these accounts; accounts without one are absent."""
    found: defaultdict[AccountId, list[Reference]] = defaultdict(list)
    wanted = sorted(account_ids)
    for row in conn.execute(_OF_ACCOUNTS, {"ids": listed(wanted)}).all() if wanted else ():
        reference = _reference(row)
        found[AccountId(str(reference.account_id))].append(reference)
    return {account: sorted(known, key=_preference) for account, known in found.items()}


def recorded(conn: Connection, lead_ids: Iterable[LeadId]) -> set[LeadId]:
    """Those of these leads that have, or once had, the record of a person in some CRM."""
    return set(conn.execute(_RECORDED, {"ids": listed(lead_ids)}).scalars())


def read_after(
    conn: Connection, connection: ConnectionName, object_name: str, external_id: ExternalId, limit: int
) -> list[Reference]:
    """The next records of a connection that have been read, by object and id, whoever's they are."""
    place = {"connection": connection, "object": object_name, "id": external_id, "n": limit}
    return [_reference(row) for row in conn.execute(_READ_AFTER, place).all()]


def met(conn: Connection, lead_ids: Iterable[LeadId]) -> dict[ConnectionName, list[LeadId]]:
    """By connection, those of these leads that have a person's record there."""
    found: defaultdict[ConnectionName, list[LeadId]] = defaultdict(list)
    wanted = list(lead_ids)
    for connection, lead in conn.execute(_MET, {"ids": listed(wanted)}).all() if wanted else ():
        found[connection].append(lead)
    return dict(found)


def _preference(reference: Reference) -> tuple[int, str, str]:
    rank = PEOPLE.index(reference.object) if reference.object in PEOPLE else len(PEOPLE)
    return rank, reference.connection, reference.external_id


def _reference(row: Sequence[Any]) -> Reference:
    connection, name, external_id, lead_id, account_id, written = row
    return Reference(
        connection=connection,
        object=name,
        external_id=external_id,
        lead_id=lead_id,
        account_id=account_id,
        written=None if written is None else decode_fields(written),
    )


def _resolve(conn: Connection, statement: Any, addresses: Iterable[Address]) -> dict[Address, Any]:
    return {
        (connection, name, external_id): resolved
        for (connection, name), ids in _by_object(addresses).items()
        for external_id, resolved in conn.execute(
            statement, {"connection": connection, "object": name, "ids": listed(ids)}
        ).all()
    }


def _by_object(addresses: Iterable[Address]) -> dict[tuple[ConnectionName, str], list[ExternalId]]:
    found: defaultdict[tuple[ConnectionName, str], list[ExternalId]] = defaultdict(list)
    for connection, name, external_id in sorted(set(addresses)):
        found[connection, name].append(external_id)
    return found


def _rows(addresses: Iterable[Address]) -> list[dict[str, str]]:
    """The parameters of a statement about one record each."""
    return [{"s": connection, "o": name, "e": key} for connection, name, key in sorted(set(addresses))]
