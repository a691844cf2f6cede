"""CRM field state: what stands in the CRMs' own fields that both we and people write, record by record.

Two flows learn of one record, the one that reads and the one that writes: both call `serialise(conn, "people")` first.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from sqlalchemy import Connection, bindparam, select, update

from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, encode, listed
from integration.store.people.record_references import Address
from integration.store.schema.tables import references
from mappings.translate.native_fields import FieldState
from mappings.values.identifiers import ConnectionName, ExternalId

Known: TypeAlias = Mapping[str, FieldState]
"""By field."""

_c = references.c
_LOAD = select(_c.external_id, _c.held).where(
    _c.connection == bindparam("connection"),
    _c.object == bindparam("object"),
    among(_c.external_id, "ids"),
    _c.deleted.is_(False),
    _c.held.is_not(None),
)
_SAVE = (
    update(references)
    .where(
        _c.connection == bindparam("s"),
        _c.object == bindparam("o"),
        _c.external_id == bindparam("e"),
        _c.deleted.is_(False),
    )
    .values(held=bindparam("h"))
)


def load(conn: Connection, addresses: Iterable[Address]) -> dict[Address, dict[str, FieldState]]:
    """What is known of these records; those of which nothing is are absent."""
    wanted: defaultdict[tuple[ConnectionName, str], set[ExternalId]] = defaultdict(set)
    for connection, name, key in addresses:
        wanted[connection, name].add(key)
    return {
        (connection, name, key): decode(text, dict[str, FieldState])
        for (connection, name), ids in wanted.items()
        for key, text in conn.execute(_LOAD, {"connection": connection, "object": name, "ids": listed(sorted(ids))})
    }


def save(conn: Connection, rows: Mapping[Address, Known]) -> None:
    """Store what is known of these records now, whole; a record that is nobody's is passed over."""
    if rows:
        conn.execute(
            _SAVE,
            [
                {"s": connection, "o": name, "e": key, "h": encode(known)}
                for (connection, name, key), known in rows.items()
            ],
        )
