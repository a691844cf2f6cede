"""Note holders: whose a task is, or was when it was closed, where a person gave it to somebody else in the CRM.

Whoever had a lead gets it again, where routing says so; whoever took the task over is the one who knows the lead. While
it is open it counts as theirs: they are as full as it makes them, and it goes on where they leave.
"""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection as Sql

from integration.flows.base.service import Connection
from integration.store.assigning import assigned_tasks
from integration.store.crm import crm_users
from integration.store.outgoing import unassigned
from mappings.values.instant import Instant


def note_holders(conn: Sql, connection: Connection, closed: Mapping[str, str]) -> None:
    """Keep with each of these closed tasks, by its key, whose it was at the end (the CRM's id of a user)."""
    kept = unassigned.of_effects(conn, closed) if closed else {}
    moved = {key: user for key, user in closed.items() if key in kept and user and kept[key].user not in {"", user}}
    users = crm_users.by_id(conn, [(connection.name, user) for user in moved.values()]) if moved else {}
    new = {}
    for key, user in moved.items():
        there, before = users.get((connection.name, user)), kept[key]
        if there is not None and there.kind == "person" and there.active and before.connection == connection.name:
            new[key] = replace(
                before,
                because=f"took the task over in the CRM, where it was given to {before.name or before.user}",
                user=user,
                name=there.name,
                email=there.email,
                timezone=there.timezone,
            )
    unassigned.assign(conn, new)


def note_open_holders(conn: Sql, connection: Connection, there: Mapping[str, str], now: Instant) -> None:
    """Keep whose each of these open tasks is by now, by its key (the CRM's id of a user); who is no person is none."""
    given = assigned_tasks.open_of_keys(conn, there) if there else []
    moved = [each for each in given if each.connection == connection.name and there[each.key] not in {"", each.user}]
    users = crm_users.by_id(conn, [(connection.name, there[each.key]) for each in moved]) if moved else {}
    new = []
    for each in moved:
        user = users.get((connection.name, there[each.key]))
        if user is not None and user.kind == "person":
            new.append(replace(each, user=user.id, person=user.email or f"{connection.name}:{user.id}"))
    assigned_tasks.put(conn, new, now)
