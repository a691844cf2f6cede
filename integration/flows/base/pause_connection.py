"""Pause connection: a connection waits as long as its CRM asked, or until its day's calls are there again.

Where only the budget for scores is spent, tasks go on: people wait for those, and part of the reserve is for them.
"""

from collections.abc import Container
from typing import Literal, TypeAlias

from sqlalchemy import Connection as Sql

from connectors.base.port import Receipt
from connectors.base.spending import BUDGET
from integration.store.crm import connection_pauses
from mappings.values.instant import SECOND, Instant, Span

OUTAGE_PAUSE: Span = 10 * SECOND
Open: TypeAlias = Literal["everything", "tasks", "nothing"]


def rest(conn: Sql, connection: str, receipt: Receipt, now: Instant) -> None:
    """Let a connection rest for what this receipt says, with its words."""
    wait = receipt.retry_after or OUTAGE_PAUSE
    lane = _budget(connection) if receipt.code == BUDGET else connection
    connection_pauses.pause(conn, lane, now + wait, f"{receipt.code} {receipt.message}".strip(), now=now)


def open_for(connection: str, paused: Container[str]) -> Open:
    """What may go to a connection, `paused` being the lanes at rest."""
    if connection in paused:
        return "nothing"
    return "tasks" if _budget(connection) in paused else "everything"


def _budget(connection: str) -> str:
    return f"budget:{connection}"
