"""Kept values: one value for each purpose, of the service, of a connection, or of an object of its CRM.

Each purpose has a module of its own that reads and writes its value; nothing else calls these functions.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from sqlalchemy import BindParameter, Connection, bindparam, delete, select

from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import listed
from integration.store.schema.tables import connection_values, object_values, service_values
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

ServicePurpose: TypeAlias = Literal[
    "live_since",
    "shadow_since",
    "write_permission",
    "rederivation",
    "remapping",
    "next_handover",
    "shared_emails",
    "restored",
    "refused_webhooks",
    "absences",
    "lane_shards",
]
ConnectionPurpose: TypeAlias = Literal[
    "next_poll_object",
    "drift",
    "user_reading",
    "picklists",
    "task_words",
    "outcome_labels",
]
ObjectPurpose: TypeAlias = Literal["poll", "sync", "unread", "console_work", "described", "mapping_edits"]

_s, _c, _o = service_values.c, connection_values.c, object_values.c
_what: BindParameter[str] = bindparam("what")
_where: BindParameter[str] = bindparam("where")
_OF_SERVICE = select(_s.value).where(_s.purpose == _what)
_OF_SERVICE_TOGETHER = select(_s.purpose, _s.value).where(among(_s.purpose, "purposes"))
_OF_CONNECTION = select(_c.value).where(_c.purpose == _what, _c.connection == _where)
_OF_OBJECTS = select(_o.object, _o.value).where(_o.purpose == _what, _o.connection == _where, among(_o.object, "names"))
_PUT_SERVICE = upsert(service_values, ["purpose"], lambda new: {"value": new.value, "updated_at": new.updated_at})
_PUT_CONNECTION = upsert(
    connection_values, ["purpose", "connection"], lambda new: {"value": new.value, "updated_at": new.updated_at}
)
_PUT_OBJECT = upsert(
    object_values, ["purpose", "connection", "object"], lambda new: {"value": new.value, "updated_at": new.updated_at}
)
_DROP_SERVICE = delete(service_values).where(_s.purpose == _what)
_DROP_OBJECTS = delete(object_values).where(_o.purpose == _what, _o.connection == _where, among(_o.object, "names"))


def of_service(conn: Connection, purpose: ServicePurpose) -> str | None:
    """The value of the service as a whole; None where there is none."""
    return conn.execute(_OF_SERVICE, {"what": purpose}).scalar()


def of_service_together(conn: Connection, purposes: Iterable[ServicePurpose]) -> Mapping[ServicePurpose, str]:
    """The values of the service for several purposes, in one statement; those that have none are absent."""
    return dict(conn.execute(_OF_SERVICE_TOGETHER, {"purposes": listed(purposes)}).all())


def put_of_service(conn: Connection, purpose: ServicePurpose, value: str, now: Instant) -> None:
    """Keep a value of the service, in the caller's transaction."""
    conn.execute(_PUT_SERVICE.on(conn), {"purpose": purpose, "value": value, "updated_at": now})


def drop_of_service(conn: Connection, purpose: ServicePurpose) -> None:
    """Keep no value of the service for this purpose any more."""
    conn.execute(_DROP_SERVICE, {"what": purpose})


def of_connection(conn: Connection, purpose: ConnectionPurpose, connection: ConnectionName) -> str | None:
    """The value of a connection; None where there is none."""
    return conn.execute(_OF_CONNECTION, {"what": purpose, "where": connection}).scalar()


def put_of_connection(
    conn: Connection, purpose: ConnectionPurpose, connection: ConnectionName, value: str, now: Instant
) -> None:
    """Keep a value of a connection, in the caller's transaction."""
    row = {"purpose": purpose, "connection": connection, "value": value, "updated_at": now}
    conn.execute(_PUT_CONNECTION.on(conn), row)


def of_objects(
    conn: Connection, purpose: ObjectPurpose, connection: ConnectionName, names: Iterable[str]
) -> Mapping[str, str]:
    """The values of a connection's objects, by object; those that have none are absent."""
    asked = {"what": purpose, "where": connection, "names": listed(names)}
    return dict(conn.execute(_OF_OBJECTS, asked).all())


def put_of_objects(
    conn: Connection, purpose: ObjectPurpose, connection: ConnectionName, values: Mapping[str, str], now: Instant
) -> None:
    """Keep values of a connection's objects, by object, in the caller's transaction."""
    rows = [
        {"purpose": purpose, "connection": connection, "object": name, "value": value, "updated_at": now}
        for name, value in values.items()
    ]
    if rows:
        conn.execute(_PUT_OBJECT.on(conn), rows)


def drop_of_objects(conn: Connection, purpose: ObjectPurpose, connection: ConnectionName, names: Iterable[str]) -> None:
    """Keep no values of these objects for this purpose any more."""
    conn.execute(_DROP_OBJECTS, {"what": purpose, "where": connection, "names": listed(names)})
