"""Shared emails: whether leads may share an e-mail, since addresses got one spelling (migration 0013)."""

from sqlalchemy import Connection

from integration.store.db import kept_values
from mappings.values.instant import Instant


def waiting(conn: Connection) -> bool:
    """Whether leads that share an e-mail have still to be looked for."""
    return kept_values.of_service(conn, "shared_emails") is not None


def want(conn: Connection, now: Instant) -> None:
    """Leads that share an e-mail are to be looked for."""
    kept_values.put_of_service(conn, "shared_emails", "waiting", now)


def none_left(conn: Connection) -> None:
    """No two leads share an e-mail any more."""
    kept_values.drop_of_service(conn, "shared_emails")
