"""Left behind: what stands with somebody who has left the company, and with nobody else who is there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, or_, select, true

from integration.core.model.effect_keys import AGAIN
from integration.store.assigning.assigned_tasks import AssignedTask, OverdueTask
from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, listed
from integration.store.schema.tables import NEW, assignments, crm_users, effects, leads, outbox
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId

OF_SALES = ("mql", "sal", "sql", "customer")
"""The stages in which a person has a lead; in the others it is marketing's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftLead:
    """A lead whose owner, or whoever had it, a user of a connection, has left."""

    id: LeadId
    connection: ConnectionName
    user: str
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftTask:
    """An open task that was given to somebody who has left, and its id in the CRM."""

    task: OverdueTask
    external_id: ExternalId


_u, _l, _a, _o = crm_users.c, leads.c, assignments.c, outbox.c
_left = and_(_u.kind == "person", _u.active.is_not(true()))
_other = crm_users.alias("other")
_held = assignments.alias("held")
_at_work = exists().where(
    _held.c.lead_id == _l.id,
    _held.c.closed_at.is_(None),
    _other.c.connection == _held.c.connection,
    _other.c.user_id == _held.c.user_id,
    _other.c.kind == "person",
    _other.c.active.is_(true()),
)
_on_its_way = exists().where(_o.lead_id == _l.id, _o.kind == "task", _o.state == NEW)
_alone = (
    _left,
    _l.merged_into.is_(None),
    _l.stage.in_(OF_SALES),
    _l.id > bindparam("behind"),
    ~_at_work,
    ~_on_its_way,
)
_OWNED = (
    select(_l.id, _u.connection, _u.user_id, _l.stage)
    .join(crm_users, _u.user_id == _l.owner)
    .where(*_alone)
    .order_by(_l.id)
    .limit(bindparam("n"))
)
_owner, _later = crm_users.alias("owner"), assignments.alias("later")


def _for_managers(key: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(key.like("%/escalation%"), key.like("%/to_manager"), key.like("%/unanswered/%"))


_HAD = (
    select(_l.id, _u.connection, _u.user_id, _l.stage)
    .join(assignments, _a.lead_id == _l.id)
    .join(crm_users, and_(_u.connection == _a.connection, _u.user_id == _a.user_id))
    .where(
        *_alone,
        ~_for_managers(_a.key),
        ~exists().where(_owner.c.user_id == _l.owner, _owner.c.kind == "person", ~among(_owner.c.user_id, "own")),
        ~exists().where(
            _later.c.lead_id == _l.id,
            or_(_later.c.at > _a.at, and_(_later.c.at == _a.at, _later.c.key > _a.key)),
            ~_for_managers(_later.c.key),
        ),
    )
    .order_by(_l.id)
    .limit(bindparam("n"))
)
_next = effects.alias("next")
_TASKS = (
    select(
        *(_a.lead_id, _a.key, _a.connection, _a.user_id, _a.person, _a.pool),
        *(_a.at, _a.stands_at, _o.payload, _o.external_id),
    )
    .join(crm_users, and_(_u.connection == _a.connection, _u.user_id == _a.user_id))
    .join(outbox, _o.key == _a.key)
    .join(leads, _l.id == _a.lead_id)
    .where(
        _left,
        _a.closed_at.is_(None),
        _a.key > bindparam("behind"),
        _o.state == "sent",
        _o.external_id.is_not(None),
        _l.stage.in_(OF_SALES),
        ~exists().where(_next.c.key == _a.key + AGAIN),
    )
    .order_by(_a.key)
    .limit(bindparam("n"))
)


def owned_by_leavers(conn: Connection, limit: int, behind: str = "") -> list[LeftLead]:
    """Leads of sales whose owner has left, none with an open task of somebody who is there, or one that waits.

    By id, after the lead `behind`.
    """
    return _leads(conn.execute(_OWNED, {"n": limit, "behind": behind}))


def had_by_leavers(conn: Connection, limit: int, behind: str = "", *, own: Iterable[str] = ()) -> list[LeftLead]:
    """As `owned_by_leavers`, of leads that no person owns, where whoever had the last task has left.

    `own` are the users as whom we sign in: what they own is nobody's.
    """
    return _leads(conn.execute(_HAD, {"n": limit, "behind": behind, "own": listed(sorted(own))}))


def _leads(rows: Iterable[Any]) -> list[LeftLead]:
    return [LeftLead(id=lead, connection=name, user=user, stage=stage) for lead, name, user, stage in rows]


def tasks_of_leavers(conn: Connection, limit: int, behind: str = "") -> list[LeftTask]:
    """Open tasks about leads of sales that were given to somebody who has left; by key, after the one `behind`.

    None in whose place there is another.
    """
    rows = conn.execute(_TASKS, {"n": limit, "behind": behind})
    return [
        LeftTask(
            task=OverdueTask(
                task=AssignedTask(key=key, lead_id=lead, connection=name, user=user, person=person, pool=pool),
                payload=decode(payload, dict[str, Any]),
                at=since,
                stands_at=stands,
            ),
            external_id=external_id,
        )
        for lead, key, name, user, person, pool, since, stands, payload, external_id in rows
    ]
