"""Opportunities: the deals of accounts, as last read."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import decode_fields, encode, listed
from integration.store.schema.tables import opportunities
from mappings.model.canonical import Opportunity
from mappings.values.identifiers import AccountId
from mappings.values.instant import Instant

_PUT = upsert(
    opportunities,
    ["id"],
    lambda new: {"account_id": new.account_id, "fields": new.fields, "updated_at": new.updated_at},
)
_OF_ACCOUNTS = (
    select(opportunities.c.id, opportunities.c.account_id, opportunities.c.fields)
    .where(among(opportunities.c.account_id, "ids"))
    .order_by(opportunities.c.id)
)


def put(conn: Connection, rows: Sequence[Opportunity], now: Instant) -> None:
    """Store deals as they are now."""
    unique = {row.id: row for row in rows}
    if unique:
        conn.execute(
            _PUT.on(conn),
            [
                {"id": key, "account_id": row.account, "fields": encode(row.fields), "updated_at": now}
                for key, row in sorted(unique.items())
            ],
        )


def of_accounts(conn: Connection, account_ids: Iterable[AccountId]) -> list[Opportunity]:
    """The deals of these accounts."""
    return [
        Opportunity(id=key, account=account, fields=decode_fields(fields))
        for key, account, fields in conn.execute(_OF_ACCOUNTS, {"ids": listed(account_ids)})
    ]
