"""Note holders: whose a task was when it was closed, where a person had given it to somebody else in the CRM.

Whoever had a lead gets it again, where routing says so; whoever took the task over is the one who knows the lead.
"""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection as Sql

from integration.flows.base.service import Connection
from integration.store.crm import crm_users
from integration.store.outgoing import unassigned


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
