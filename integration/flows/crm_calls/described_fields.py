"""Described fields: the fields of an object as its CRM describes them, where it lets us look."""

from collections.abc import Mapping

import structlog

from connectors.base.port import FieldInfo, Unavailable
from integration.flows.base.service import Connection

log = structlog.get_logger()


def described(connection: Connection, object_name: str, what: str) -> Mapping[str, FieldInfo]:
    """The fields by name; none, with a warning about `what`, where the CRM does not let us look.

    Raises Unavailable where it may let us later.
    """
    try:
        return {each.name: each for each in connection.connector.describe(object_name)}
    except Unavailable as away:
        if not away.final:
            raise
        about = {"connection": connection.name, "object": object_name, "code": away.receipt.code}
        log.warning("may not be described", what=what, **about)
        return {}
