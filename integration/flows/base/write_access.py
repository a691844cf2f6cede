"""Write access: whether this process may write to the CRMs now, and how fast, by the store and its own settings.

Every batch asks the store, so that all processes follow `coldframe live` and `coldframe shadow on` without a restart.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Connection as Sql

from integration.flows.base.service import GoingLive, HasGoingLive, LimitedWrites, changed
from integration.store.progress import write_permission
from integration.store.progress.write_permission import WritePermission
from mappings.values.instant import Instant, show

SHADOW = "shadow: nothing is written; `coldframe live` starts writing"
FORCED = "shadow: nothing is written while COLDFRAME_SHADOW is set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """Since when the CRMs are written to; None in shadow mode. `forced`: COLDFRAME_SHADOW is set."""

    live_since: Instant | None
    forced: bool


L = TypeVar("L", bound=LimitedWrites)


def in_shadow(conn: Sql, service: HasGoingLive) -> bool:
    """Whether everything is computed and nothing written: COLDFRAME_SHADOW says so, or nobody has gone live."""
    return shadowed(conn, forced=service.going_live.shadow)


def shadowed(conn: Sql, *, forced: bool) -> bool:
    """As `in_shadow`, where only COLDFRAME_SHADOW is known: `forced` says whether it is set."""
    return forced or write_permission.given(conn) is None


def mode(conn: Sql, *, forced: bool) -> Mode:
    """Whether anything is written, and why not or since when; `forced` as in `words`."""
    permission = write_permission.given(conn)
    return Mode(live_since=None if permission is None or forced else permission.at, forced=forced)


def words(conn: Sql, *, forced: bool) -> str:
    """Whether anything is written, for people; `forced` says whether COLDFRAME_SHADOW is set."""
    permission = write_permission.given(conn)
    if forced:
        return FORCED
    return SHADOW if permission is None else f"live since {show(permission.at)}"


def as_of_now(service: L) -> L:
    """The service with what may be written now: for one batch."""
    with service.store.read() as conn:
        return by(service, write_permission.given(conn))


def by(service: L, permission: WritePermission | None) -> L:
    """The service with what this permission lets it write; None is no permission."""
    found = replace(_limits(permission, service.going_live), shadow=service.going_live.shadow or permission is None)
    return changed(service, going_live=found)


def limits(conn: Sql, given: GoingLive) -> GoingLive:
    """The limits of going live: those that `coldframe live` was given, else the settings'."""
    return _limits(write_permission.given(conn), given)


def _limits(permission: WritePermission | None, given: GoingLive) -> GoingLive:
    if permission is None:
        return given
    tasks, writes = permission.tasks_per_hour, permission.writes_per_minute
    return GoingLive(
        shadow=given.shadow,
        tasks_per_hour=given.tasks_per_hour if tasks is None else tasks,
        writes_per_minute=given.writes_per_minute if writes is None else writes,
    )
