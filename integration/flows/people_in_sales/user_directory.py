"""User directory: who can own records in each CRM, read whole once an hour and by id where somebody new turns up.

What survives a crash: a reading is stored whole in one transaction; one that was not stored is repeated.
"""

from collections.abc import Iterable

import structlog

from connectors.base.port import Unavailable
from connectors.base.users import CrmUser
from integration.flows.base.service import Connected, Connection, HasStore
from integration.store.crm import crm_users
from integration.store.crm.crm_users import UserAddress
from mappings.values.instant import HOUR, Span

log = structlog.get_logger()

STALE: Span = 2 * HOUR
"""A reading older than this is not relied on: the hourly job has missed its turn, and the next task reads anew."""


def read_users(service: Connected) -> int:
    """Read the users of every connection; how many connections answered. One that does not is asked in an hour."""
    read = 0
    for connection in service.connections.values():
        try:
            _read(service, connection)
        except Unavailable as away:
            log.warning("users not read", connection=connection.name, code=away.receipt.code)
        else:
            read += 1
    return read


def fresh(service: HasStore, connection: Connection) -> None:
    """See that the connection's users are known; read them where they never were, or long ago.

    Where we may not read users, tasks wait for that and say so; everything else goes on. Raises Unavailable where the
    CRM is away.
    """
    with service.store.read() as conn:
        last = crm_users.last_reading(conn, connection.name)
    if last is not None and last.at + STALE > service.now():
        return
    try:
        _read(service, connection)
    except Unavailable as away:
        if not away.forbidden:
            raise
        log.warning("users may not be read", connection=connection.name, code=away.receipt.code)


def fresh_elsewhere(service: Connected, connection: Connection) -> None:
    """As `fresh` for all other connections, where the same people may be known; one that is away is left out."""
    for other in service.connections.values():
        if other.name != connection.name:
            try:
                fresh(service, other)
            except Unavailable as away:
                log.warning("users not read", connection=other.name, code=away.receipt.code)


def look_up(service: Connected, wanted: Iterable[UserAddress]) -> None:
    """Ask the CRMs for users whom the last reading did not show, one call each; an id that nobody shows is kept so.

    A CRM that is away is not waited for: its users stay unknown until it answers.
    """
    asked = set(wanted)
    with service.store.read() as conn:
        missing = asked - crm_users.by_id(conn, asked).keys()
    for name in sorted({connection for connection, _ in missing} & service.connections.keys()):
        ids = sorted(user for connection, user in missing if connection == name)
        try:
            found = service.connections[name].connector.users(ids)
        except Unavailable as away:
            log.warning("users not looked up", connection=name, code=away.receipt.code)
            continue
        unknown = [CrmUser(id=one, kind="unknown", active=False) for one in set(ids) - {user.id for user in found}]
        with service.store.write() as conn:
            crm_users.put(conn, name, [*found, *unknown], service.now())


def refused(service: HasStore, connection: Connection, ids: Iterable[str]) -> set[str]:
    """Look again at users to whom the CRM would give no task; those who really can get none. Raises Unavailable."""
    asked = sorted(set(ids))
    there = {user.id: user for user in connection.connector.users(asked)}
    unfit = [one for one in asked if one not in there or not there[one].active or there[one].kind != "person"]
    with service.store.write() as conn:
        crm_users.put(conn, connection.name, there.values(), service.now())
        crm_users.left(conn, connection.name, unfit)
    return set(unfit)


def _read(service: HasStore, connection: Connection) -> None:
    users, own = connection.connector.users(), connection.connector.own_user()
    with service.store.write() as conn:
        crm_users.read_whole(conn, connection.name, users, own, service.now())
    log.info("read users", connection=connection.name, count=len(users))
