"""Set owners: whoever a pool gave a lead to becomes the owner of its record, where that has none.

Asked for when the task stands in the CRM; the record is read just before it is written, so that nobody's choice is
written over. A queue, the user as whom we sign in, and somebody who has left the company are no choice. What survives
a crash: the request, until it was carried out or there was nothing to do.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection as Sql

from connectors.base.port import FieldWrite
from integration.core.model import effect_keys
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import Connection, HasStore
from integration.store.crm import crm_users
from integration.store.outgoing import outbox, unassigned
from integration.store.outgoing.outgoing_rows import Outgoing
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId
from mappings.values.instant import Instant


class SettingOwners(HasStore, HasRouting, Protocol):
    """The store, and whether owners are set."""


def want(conn: Sql, service: HasRouting, connection: Connection, made: Sequence[Outgoing], now: Instant) -> None:
    """Ask for the owner of the records whose tasks were made just now, where a pool gave them to somebody."""
    if not service.routing.set_owner or not made:
        return
    keys = {row.key: {row.key, effect_keys.moved(row.key, LeadId(row.lead_id))} for row in made}
    given = unassigned.of_effects(conn, set().union(*keys.values()))
    wanted = [
        outbox.NewOnce(key=f"owner:{row.key}", lead_id=row.lead_id, payload={"id": row.external_id, "user": one.user})
        for row in made
        if owner_field(connection, row.object)
        for one in [next((given[key] for key in keys[row.key] if key in given), None)]
        if one is not None and one.pool
    ]
    outbox.want_once(conn, connection.name, "owner", wanted, now)


def owner_field(connection: Connection, object_name: str) -> str:
    """The CRM's field in which an object has its owner; "" where the mapping names none."""
    mapped = connection.mapping.objects.get(object_name)
    rules = [rule for rule in (mapped.lead if mapped else ()) if rule.name == "owner"]
    return rules[0].sources[0].field if rules and rules[0].sources else ""


def writes(
    service: SettingOwners, connection: Connection, rows: Sequence[Outgoing]
) -> list[tuple[Outgoing, FieldWrite]]:
    """What is to be written: those records that have no owner by now. Raises Unavailable."""
    by_object: defaultdict[str, list[Outgoing]] = defaultdict(list)
    for row in rows:
        if owner_field(connection, row.object):
            by_object[row.object].append(row)
    stands: dict[tuple[str, ExternalId], str] = {}
    for name, those in by_object.items():
        field = owner_field(connection, name)
        for record in connection.connector.read(name, [row.external_id for row in those], [field]):
            if field in record.fields and not record.deleted:
                stands[name, record.id] = str(record.fields[field] or "")
    with service.store.read() as conn:
        free = _nobodys(conn, connection.name, set(stands.values()))
    return [
        (row, FieldWrite(key=row.key, object=name, id=row.external_id, fields={owner_field(connection, name): user}))
        for name, those in by_object.items()
        for row in those
        for user in [str(row.payload["user"])]
        if stands.get((name, row.external_id), user) in free
    ]


def _nobodys(conn: Sql, connection: ConnectionName, owners: set[str]) -> set[str]:
    """Those of these owners that are nobody's choice: none, a queue or a group, who has left, and who we sign in as."""
    known = crm_users.by_id(conn, [(connection, each) for each in owners if each])
    reading = crm_users.last_reading(conn, connection)
    own = reading.own_user if reading else ""
    nobody = {
        user
        for (_, user), each in known.items()
        if each.kind in {"queue", "group"} or (each.kind == "person" and not each.active)
    }
    return {"", *nobody, *([own] if own else [])}
