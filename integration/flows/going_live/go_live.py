"""Go live: from now on the service writes to the CRMs; back to shadow mode, it does not.

What survives a crash: the permission, what is history by it and the line in the audit trail are one transaction.
"""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.flows.base import history_or_live
from integration.flows.base.service import HasAlerts, HasCrms, HasGoingLive, HasStore, HasWake
from integration.flows.people_in_sales.raise_alerts import lanes as alert_lanes
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.events import live_since
from integration.store.progress import write_permission
from integration.store.progress.write_permission import WritePermission
from mappings.values.instant import Instant

BY_COMMAND = "command line"
"""Who goes live, in the audit trail."""


class GoingLiveService(HasStore, HasCrms, HasGoingLive, HasAlerts, HasWake, Protocol):
    """What going live takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of this start; None leaves what holds, 0 is no limit."""

    tasks_per_hour: int | None = None
    writes_per_minute: int | None = None

    @property
    def given(self) -> bool:
        """Whether any limit was given."""
        return (self.tasks_per_hour, self.writes_per_minute) != (None, None)


_AS_SET = Limits()


def go_live(service: GoingLiveService, limits: Limits = _AS_SET, actor: str = BY_COMMAND) -> int:
    """Let the service write; how many tasks and touches lapsed, since they fell due in shadow more than a day ago.

    A service that is live already only gets the limits that are given, for a week from now. `actor` stands in the
    audit trail.
    """
    now = service.now()
    with service.store.write() as conn:
        before = write_permission.given(conn)
        if before is None:
            lapsed = permit(conn, now, limits, actor)
        else:
            lapsed = 0
            _limit(conn, before, limits, now, actor)
    for lane in (*(f"deliver:{name}" for name in service.connections), *alert_lanes(service)):
        service.wake(lane)
    return lapsed


def permit(conn: Sql, now: Instant, limits: Limits = _AS_SET, actor: str = BY_COMMAND) -> int:
    """As `go_live`, in the caller's write transaction, for a service that is not live.

    Where nothing was decided yet, the first decision says what is history.
    """
    found, began, lapsed = live_since.get(conn), live_since.shadow(conn), 0
    if found is not None and began is not None:
        found, lapsed = history_or_live.leave_shadow(conn, found, began, now, actor=actor)
    else:
        audit_trail.add(conn, [Entry(at=now, actor=actor, action="went live", subject="service")])
    permission = WritePermission(
        at=now,
        live_from=found.since if found else 0,
        tasks_per_hour=limits.tasks_per_hour,
        writes_per_minute=limits.writes_per_minute,
    )
    write_permission.give(conn, permission)
    return lapsed


def _limit(conn: Sql, before: WritePermission, limits: Limits, now: Instant, actor: str) -> None:
    if not limits.given:
        return
    tasks, writes = limits.tasks_per_hour, limits.writes_per_minute
    new = WritePermission(
        at=now,
        live_from=before.live_from,
        tasks_per_hour=before.tasks_per_hour if tasks is None else tasks,
        writes_per_minute=before.writes_per_minute if writes is None else writes,
    )
    write_permission.give(conn, new)
    detail = {"tasks_per_hour": new.tasks_per_hour, "writes_per_minute": new.writes_per_minute}
    audit_trail.add(conn, [Entry(at=now, actor=actor, action="limits of going live", subject="service", detail=detail)])


def back_to_shadow(service: HasStore, actor: str = BY_COMMAND) -> bool:
    """Write nothing from now on; whether the service was live."""
    now = service.now()
    with service.store.write() as conn:
        if write_permission.given(conn) is None:
            return False
        write_permission.take_back(conn)
        if live_since.shadow(conn) is None:
            live_since.enter_shadow(conn, now)
        audit_trail.add(conn, [Entry(at=now, actor=actor, action="shadow began", subject="service")])
    return True
