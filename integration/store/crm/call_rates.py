"""Call rates: how many of something a connection may have in a span of time, counted for all workers together."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import Connection, bindparam, select

from integration.store.db.dialects import upsert
from integration.store.schema.tables import call_rates
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant, Span

What: TypeAlias = Literal["tasks", "records", "alerts"]
"""New tasks, records that are written, or messages with alerts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """A span of time that began then, and how much of it is used."""

    began_at: Instant
    used: int = 0


_c = call_rates.c
_GET = select(_c.began_at, _c.used).where(_c.connection == bindparam("which"), _c.what == bindparam("sort"))
_PUT = upsert(call_rates, ["connection", "what"], lambda new: {"began_at": new.began_at, "used": new.used})


def left(  # noqa: PLR0913, PLR0917 - what is counted, and how
    conn: Connection, connection: ConnectionName, what: What, most: int, span: Span, now: Instant
) -> tuple[int, Instant]:
    """How many may still go now, and when the next may where none can."""
    window = _window(conn, connection, what, span, now)
    return max(0, most - window.used), window.began_at + span


def spend(  # noqa: PLR0913, PLR0917 - as `left`
    conn: Connection, connection: ConnectionName, what: What, count: int, span: Span, now: Instant
) -> None:
    """So many go now; in the transaction that says so."""
    window = _window(conn, connection, what, span, now)
    row = {"connection": connection, "what": what, "began_at": window.began_at, "used": window.used + count}
    conn.execute(_PUT.on(conn), row)


def _window(conn: Connection, connection: ConnectionName, what: What, span: Span, now: Instant) -> _Window:
    """The window under way, else a new one."""
    for began_at, used in conn.execute(_GET, {"which": connection, "sort": what}):
        if began_at <= now < began_at + span:
            return _Window(began_at=began_at, used=used)
    return _Window(began_at=now)
