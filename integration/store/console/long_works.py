"""Long works: what takes longer than a page and was begun in the console; of each kind and connection the last one."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import MINUTE, Instant, Span

Kind: TypeAlias = Literal["provision", "preview", "sync", "report", "live"]
State: TypeAlias = Literal["working", "ready", "failed"]
SERVICE = ConnectionName("service")
"""In the place of a connection, for what concerns all of them."""
_SILENT: Span = 5 * MINUTE
"""After so long without a step its process is taken for gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One work. `asked` is what the form said, `result` what came of it, both as JSON's values.

    While the state is `working`, `done` of `total` (0 where nobody knows) of what `said` names are through.
    """

    kind: Kind
    connection: ConnectionName
    actor: str
    began_at: Instant
    moved_at: Instant
    asked: dict[str, Any] = field(default_factory=dict)
    state: State = "working"
    said: str = ""
    done: int = 0
    total: int = 0
    result: dict[str, Any] = field(default_factory=dict)

    def under_way(self, now: Instant) -> bool:
        """Whether somebody still works on it."""
        return self.state == "working" and now - self.moved_at < _SILENT


def last(conn: Connection, kind: Kind, connection: ConnectionName = SERVICE) -> Work | None:
    """The last work of this kind; None where there was none."""
    found = kept_values.of_objects(conn, "console_work", connection, [kind])
    return decode(found[kind], Work) if kind in found else None


def put(conn: Connection, work: Work) -> None:
    """Keep it in place of the one before."""
    kept_values.put_of_objects(conn, "console_work", work.connection, {work.kind: encode(work)}, work.moved_at)


def step(conn: Connection, work: Work, now: Instant, said: str, done: int, total: int) -> None:  # noqa: PLR0913, PLR0917 - how far it has come
    """Store how far it has come."""
    put(conn, replace(work, moved_at=now, said=said, done=done, total=total))


def end(conn: Connection, work: Work, now: Instant, state: State, result: dict[str, Any]) -> None:
    """Store how it ended."""
    put(conn, replace(work, moved_at=now, state=state, result=result))
