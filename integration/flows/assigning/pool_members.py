"""Pool members: who of the people in routing.yaml can get no task in any CRM, whoever's turn it is."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection as Sql

from connectors.base.users import CrmUser
from integration.routing.routing_rules import Routing
from integration.store.crm import crm_users
from mappings.values.identifiers import ConnectionName


def unusable(conn: Sql, routing: Routing, connections: Sequence[ConnectionName]) -> Mapping[str, str]:
    """By e-mail, why somebody in a pool gets nothing; nobody before the users of any connection were read."""
    readings = {name: crm_users.last_reading(conn, name) for name in connections}
    own = {name: reading.own_user for name, reading in readings.items() if reading is not None}
    if not own:
        return {}
    members = sorted({member for pool in routing.pools.values() for member in pool.members})
    there = crm_users.by_email(conn, members)
    found: dict[str, str] = {}
    for member in members:
        users = [(name, user) for name, user in there.get(member, ()) if name in own]
        reasons = [_why(user, own[name]) for name, user in users]
        if "" not in reasons:
            found[member] = reasons[0] if reasons else f"no user has this e-mail in {', '.join(own)}"
    return found


def _why(user: CrmUser, own: str) -> str:
    if user.kind != "person":
        return "is a queue or a group, which gets no tasks"
    if not user.active:
        return "has left"
    return "is the integration user" if user.id == own else ""
