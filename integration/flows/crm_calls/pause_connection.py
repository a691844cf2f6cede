"""Pauses a connection as long as its CRM asked, or until its day's calls are there again.

Where only the budget for scores is spent, tasks go on: people wait for those, and part of the reserve is for them.
"""

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection as Sql

from connectors.base.port import Receipt
from connectors.base.spending import BUDGET
from integration.flows.base.isolation import Try
from integration.store.crm import connection_pauses
from integration.store.crm.connection_pauses import Pause
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import SECOND, Instant, Span

OUTAGE_PAUSE: Span = 10 * SECOND
Open: TypeAlias = Literal["everything", "tasks", "nothing"]


def pause(conn: Sql, connection: ConnectionName, receipt: Receipt, now: Instant) -> None:
    """Pause a connection as this receipt says, with its words."""
    wait = receipt.retry_after or OUTAGE_PAUSE
    connection_pauses.pause(
        conn,
        connection,
        now + wait,
        f"{receipt.code} {receipt.message}".strip(),
        kind="budget" if receipt.code == BUDGET else "outage",
        code=receipt.code,
        now=now,
        limited=not receipt.outage,
    )


def ended(  # noqa: PLR0913 - a batch, and how it ended
    conn: Sql, connection: ConnectionName, these: Try[Any], stop: Receipt | None, now: Instant, *, done: int
) -> None:
    """A batch of so many that the CRM took has ended: the connection pauses where `stop` says so, else it works."""
    if stop is not None:
        pause(conn, connection, stop, now)
        return
    these.done(conn)
    if done:
        connection_pauses.worked(conn, connection, now)


def open_for(connection: ConnectionName, resting: Iterable[Pause]) -> Open:
    """What may go to a connection, `resting` being every pause that lasts now."""
    kinds = {each.kind for each in resting if each.name == connection}
    if not kinds:
        return "everything"
    return "tasks" if kinds == {"budget"} else "nothing"
