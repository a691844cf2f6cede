"""Find homes: asks a CRM once whose the environment's token is, so that webhooks of other portals are recognised.

What survives a crash: nothing has to; the next poll asks again.
"""

import structlog

from connectors.base.port import Unavailable
from integration.flows.base.service import Connected
from integration.store.crm import homes
from integration.store.crm.homes import Home
from mappings.values.identifiers import ConnectionName

log = structlog.get_logger()


def learn(service: Connected, connection: ConnectionName) -> None:
    """Learn the portal of a connection's token, unless it is known. A CRM that does not say is asked again later."""
    asking = service.connections[connection].asking
    if asking is None:
        return
    with service.store.read() as conn:
        known = homes.every(conn).get(connection)
    if known is not None and known.mark == asking.mark:
        return
    try:
        account = asking.ask()
    except Unavailable as away:
        log.warning("whose token this is could not be asked", connection=connection, code=away.receipt.code)
        return
    if account:
        with service.store.write() as conn:
            homes.learn(conn, connection, Home(mark=asking.mark, account=account), service.now())
        log.info("learned whose token this is", connection=connection, account=account)
