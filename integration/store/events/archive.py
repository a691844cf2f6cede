"""The archive: everything that was ever received, read from end to end, for trying playbooks on the past."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Select, func, select, union

from integration.store.db.dialects import among, plain_rows
from integration.store.db.json_codec import decode_fields, listed
from integration.store.events.activities import ActivityRow
from integration.store.people.field_changes import ChangeRow
from integration.store.schema.tables import activities as activity_table
from integration.store.schema.tables import changes as change_table
from integration.store.schema.tables import leads as lead_table
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

_CHUNK = 2_000

_a, _c, _l = activity_table.c, change_table.c, lead_table.c
_ACTIVITIES = select(
    _a.seq, _a.key, _a.lead_id, _a.account_id, _a.at, _a.type, _a.properties, _a.source, _a.derived
).where(_a.derived.is_(False))
_WINNERS = union(
    select(_l.id).where(_l.stage == "customer"),
    select(_a.lead_id).where(_a.type == "opportunity_won", _a.lead_id.is_not(None)),
)
_begun = select(_a.lead_id, func.min(_a.at).label("at")).group_by(_a.lead_id).subquery()
_CHANGES = (
    select(_c.seq, _c.key, _c.lead_id, _c.account_id, _c.at, _c.fields, _c.initial, _begun.c.at)
    .select_from(change_table.outerjoin(_begun, _begun.c.lead_id == _c.lead_id))
    .order_by(_c.lead_id, _c.account_id, _c.at, _c.key)
)
_OF_LEADS = select(_a.lead_id, _a.at, _a.derived, _a.key, _a.type, _a.properties).where(among(_a.lead_id, "ids"))
_MERGED = select(_l.id, _l.merged_into).where(_l.merged_into.is_not(None))


def activities(conn: Connection) -> Iterator[ActivityRow]:
    """Every activity that was received, in any order; those that were derived depend on a playbook and are left out."""
    for seq, key, lead, account, at, kind, properties, source, derived in _rows(conn, _ACTIVITIES):
        yield ActivityRow(
            seq=seq,
            key=key,
            lead_id=lead,
            account_id=account,
            at=at,
            type=kind,
            properties=decode_fields(properties),
            source=source,
            derived=derived,
        )


def of_leads(conn: Connection, ids: Iterable[LeadId]) -> list[tuple[LeadId, Instant, bool, str, str, str]]:
    """What these leads did, each lead's together: (lead, at, derived, key, type, properties as JSON text)."""
    return plain_rows(conn, _OF_LEADS, {"ids": listed(ids)})


def winners(conn: Connection) -> list[LeadId]:
    """Every lead that is a customer, or was won once."""
    return list(conn.execute(_WINNERS).scalars())


def changes(conn: Connection) -> Iterator[tuple[ChangeRow, Instant | None]]:
    """Every field change of leads and accounts, those of each together and in the order of time.

    With each comes the time of the first thing that the lead did; None for who did nothing, and for accounts.
    """
    for seq, key, lead, account, at, fields, initial, begun in _rows(conn, _CHANGES):
        told = decode_fields(fields)
        row = ChangeRow(seq=seq, key=key, lead_id=lead, account_id=account, at=at, fields=told, initial=bool(initial))
        yield row, begun


def merged(conn: Connection) -> dict[str, str]:
    """Leads that live on as another one: id → that other one's id, at the end of every chain."""
    into: dict[str, str] = dict(conn.execute(_MERGED).all())
    return {lead: _end(into, lead) for lead in into}


def _end(into: dict[str, str], lead: str) -> str:
    passed: set[str] = set()
    while lead in into and lead not in passed:
        passed.add(lead)
        lead = into[lead]
    return lead


def _rows(conn: Connection, statement: Select[Any]) -> Iterator[Any]:
    """Rows as they come, a chunk at a time: memory does not grow with the archive."""
    with conn.execution_options(yield_per=_CHUNK).execute(statement) as result:
        yield from result
