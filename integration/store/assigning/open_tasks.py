"""Open tasks: the tasks that count as open, with their ids in the CRM."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from integration.store.schema.tables import assignments, outbox
from mappings.values.identifiers import ConnectionName, ExternalId
from mappings.values.instant import Instant

_a, _o = assignments.c, outbox.c
_OPEN_THERE = (
    select(_a.key, _o.external_id)
    .join(outbox, _o.key == _a.key)
    .where(
        _a.connection == bindparam("connection"),
        _a.closed_at.is_(None),
        _a.at <= bindparam("before"),
        _a.key > bindparam("behind"),
        _o.state == "sent",
        _o.external_id.is_not(None),
    )
    .order_by(_a.key)
    .limit(bindparam("n"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """A task by its key in the outbox, and its id in the CRM."""

    key: str
    external_id: ExternalId


def page(conn: Connection, connection: ConnectionName, *, before: Instant, behind: str, limit: int) -> list[OpenTask]:
    """The next of a connection's open tasks, by their keys, of those that somebody was given by an instant."""
    given = {"connection": connection, "before": before, "behind": behind, "n": limit}
    return [OpenTask(key=key, external_id=external_id) for key, external_id in conn.execute(_OPEN_THERE, given)]
