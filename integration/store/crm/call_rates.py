"""Call rates: how many of something a connection may have in a span of time, counted for all workers together."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from integration.store.db import cursors
from integration.store.db.json_codec import decode, encode
from mappings.values.instant import Instant, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of time that began then, and how much of it is used."""

    began_at: Instant
    used: int = 0


def left(conn: Connection, name: str, most: int, span: Span, now: Instant) -> tuple[int, Instant]:
    """How many may still go now, and when the next may where none can."""
    window = _window(conn, name, span, now)
    return max(0, most - window.used), window.began_at + span


def spend(conn: Connection, name: str, count: int, span: Span, now: Instant) -> None:
    """So many go now; in the transaction that says so."""
    window = _window(conn, name, span, now)
    cursors.put(conn, f"rate:{name}", encode(replace(window, used=window.used + count)), now)


def _window(conn: Connection, name: str, span: Span, now: Instant) -> Window:
    """The window under way, else a new one."""
    stored = cursors.get(conn, f"rate:{name}")
    found = None if stored is None else decode(stored, Window)
    return found if found is not None and found.began_at <= now < found.began_at + span else Window(began_at=now)
