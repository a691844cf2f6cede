"""Homes: the portal to which each of the environment's tokens belongs, as its CRM said.

A token belongs to one portal for good, so it is asked about once; `mark` says which token was asked about.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, inspect, select

from integration.store.db.dialects import upsert
from integration.store.schema.tables import homes
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Whose token, by its mark, a connection had when it was asked."""

    mark: str
    account: str


_ALL = select(homes.c.connection, homes.c.mark, homes.c.account)
_PUT = upsert(
    homes, ["connection"], lambda new: {"mark": new.mark, "account": new.account, "learned_at": new.learned_at}
)


def every(conn: Connection) -> dict[ConnectionName, Home]:
    """What has been learned, by connection; nothing in a store that migrate has not brought up to date."""
    if not inspect(conn).has_table("homes"):
        return {}
    return {name: Home(mark=mark, account=account) for name, mark, account in conn.execute(_ALL)}


def learn(conn: Connection, connection: ConnectionName, home: Home, now: Instant) -> None:
    """Keep what the CRM has said of a token."""
    row = {"connection": connection, "mark": home.mark, "account": home.account, "learned_at": now}
    conn.execute(_PUT.on(conn), row)
