"""Unrecorded: people whom a CRM does not know, and what waits for their record."""

from collections.abc import Iterable

from sqlalchemy import Connection, and_, bindparam, exists, select, update

from integration.store.code import listed
from integration.store.dialects import among
from integration.store.outbox import met_there, still_new
from integration.store.references import PEOPLE
from integration.store.tables import outbox, references

_o, _r = outbox.c, references.c
_elsewhere = and_(_r.lead_id == _o.lead_id, _r.system == bindparam("home"), _r.object.in_(PEOPLE))
_REHOME = (
    update(outbox)
    .where(
        among(_o.lead_id, "ids"),
        still_new,
        _o.kind.in_(["task", "touch"]),
        _o.attempted.is_(False),
        _o.connection != bindparam("home"),
        ~exists().where(met_there),
        exists().where(_elsewhere),
    )
    .values(connection=bindparam("home"))
)
_HOMES = select(_o.connection).distinct().where(among(_o.lead_id, "ids"), still_new, _o.kind == "task")


def rehome(conn: Connection, connection: str, lead_ids: Iterable[str]) -> None:
    """Tasks and touches of these leads that wait for a record elsewhere go to this CRM, where there is one."""
    conn.execute(_REHOME, {"ids": listed(lead_ids), "home": connection})


def homes(conn: Connection, lead_ids: Iterable[str]) -> set[str]:
    """The connections for which tasks of these leads wait, for whatever reason."""
    return set(conn.execute(_HOMES, {"ids": listed(lead_ids)}).scalars())
