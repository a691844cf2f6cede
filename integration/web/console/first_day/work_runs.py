"""Runs the long works of the first day, each in a process of its own: web requests stay quick, progress is stored."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import structlog

from connectors.base.port import Unavailable
from integration.flows.base.running_playbook import OutdatedError, following
from integration.flows.going_live import hot_leads, provision_steps
from integration.flows.going_live.go_live import Limits, go_live
from integration.flows.looking import compare_with_crm
from integration.flows.looking.compare_with_crm import Change, Task
from integration.flows.looking.written_sums import Sums
from integration.flows.reading import first_sync
from integration.flows.reading.first_sync import Step, SyncError
from integration.settings.environment import Settings
from integration.store.console import long_works
from integration.store.console.long_works import SERVICE, Kind, State, Work
from integration.store.db.errors import StoreError
from integration.store.db.session import Store
from integration.store.events import live_since
from integration.store.outgoing import people_without_records
from integration.web.console.shell.busy_store import store_outcome, store_progress
from integration.wiring import provisioners
from integration.wiring.provisioners import UnconnectedError
from integration.wiring.unusable import UnusableError
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import SECOND, Instant, show

log = structlog.get_logger()

_LATER = 10
"""How much later than the workers this process gets the processor."""
_SHOWN = 20
"""So many changes, and so many tasks, are shown of what would be written."""
_STEP: int = SECOND
"""How often at most progress is stored."""
_KNOWN = (SyncError, OutdatedError, StoreError, UnusableError, UnconnectedError)
"""What a person can read and mend."""

Result = dict[str, Any]


@dataclass(slots=True)
class Running:
    """One work under way, and what stores how far it has come, once a second at most."""

    service: Service
    settings: Settings
    store: Store
    now: Callable[[], Instant]
    work: Work
    stored_at: Instant = 0

    def step(self, said: str, done: int = 0, total: int = 0) -> None:
        """So many of so many are through; 0 of 0 where nobody knows."""
        now = self.now()
        if now - self.stored_at >= _STEP:
            self.stored_at = now
            store_progress(self.store, lambda conn: long_works.step(conn, self.work, now, said, done, total))


def begin(kind: str, connection: str) -> None:
    """Start the process that carries a work out."""
    subprocess.Popen(  # noqa: S603 - our own module, and names that were looked up
        [sys.executable, "-m", "integration.web.console.first_day.work_runs", kind, connection],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def carry_out(service: Service, settings: Settings, kind: Kind, connection: ConnectionName) -> None:
    """Carry out the last work of this kind that was begun, and store what came of it, a failure too."""
    with service.store.read() as conn:
        work = long_works.last(conn, kind, connection)
    if work is None or work.state != "working":
        return
    running = Running(service, settings, service.store, service.now, work)
    state: State = "ready"
    try:
        result = _WORKS[kind](running)
    except Unavailable as away:
        said = f"{away.receipt.code} {away.receipt.message}".strip()
        state, result = "failed", {"message": f"A CRM does not answer as it should: {said}. Nothing further was done."}
    except _KNOWN as error:
        state, result = "failed", {"message": str(error)}
    except Exception as error:
        log.exception("a work that was begun in the console failed", kind=kind, connection=connection)
        state, result = "failed", {"message": f"It could not be done ({type(error).__name__}); the log says more."}
    store_outcome(service.store, lambda conn: long_works.end(conn, work, service.now(), state, result))


def _provision(running: Running) -> Result:
    """Plan what a CRM needs and, where that was asked, make it."""
    work = running.work
    system = System(work.asked["system"])
    running.step("looking at what the CRM has")
    provisioner, mapping = provisioners.provisioner(running.settings, running.store, system, name=work.connection)
    lines = []
    for line in provision_steps.run(
        provisioner, mapping, act=bool(work.asked["act"]), remove=False, sure=lambda _: False
    ):
        lines.append(provision_steps.plain(line))
        running.step("steps", len(lines))
    return {"lines": lines, "acted": bool(work.asked["act"])}


def _sync(running: Running) -> Result:
    """Read every CRM whole, then decide about everybody."""
    service, courses, away = running.service, [], []

    def read(step: Step) -> None:
        course = step.course
        where = f"{step.connection}: {step.object}" + (f" ({step.waiting})" if step.waiting else "")
        running.step(where, course.read, max(course.total, course.read))

    for name in service.connections:
        try:
            courses += first_sync.sync(service, name, read, others=tuple(service.connections))
        except SyncError as error:
            away.append(f"{name}: {error}")
    if away:
        raise SyncError("\n".join([*away, "What was read is kept; begin it again, and it goes on there."]))
    waiting = first_sync.release(service)
    first_sync.decide(service, lambda left: running.step("leads decided about", max(0, waiting - left), waiting))
    objects = [
        {"connection": each.connection, "object": each.object, "read": each.course.read, "skipped": each.course.skipped}
        for each in courses
    ]
    return {"objects": objects, "leads": waiting}


def _report(running: Running) -> Result:
    """What would be written if the service went live now."""
    service, sums = running.service, Sums()
    total, done = compare_with_crm.total(service), 0
    changes: list[Mapping[str, Any]] = []
    tasks: list[Mapping[str, Any]] = []
    for items in compare_with_crm.pending(service):
        done += 1
        sums.add(items)
        for each in items:
            if isinstance(each, Change) and len(changes) < _SHOWN:
                changes.append({"connection": each.connection, "who": each.who, "field": f"{each.object}.{each.field}"})
                changes[-1] = {**changes[-1], "now": _said(each.now), "then": _said(each.then)}
            elif isinstance(each, Task) and each.kind == "task" and len(tasks) < _SHOWN:
                due = show(each.due_at) if each.due_at is not None else ""
                tasks.append({"connection": each.connection, "who": each.who, "subject": each.subject})
                tasks[-1] = {**tasks[-1], "owner": each.owner, "due": due}
        running.step("records and tasks compared with the CRMs", done, total)
    with service.store.read() as conn:
        withheld = sum(live_since.withheld(conn).values())
        waiting = people_without_records.totals(conn)
    running.step("hot leads counted", done, total)
    return {
        "records": sums.records,
        "fields": dict(sums.fields),
        "new": dict(sums.kinds),
        "owners": dict(sums.owners),
        "stages": dict(sums.stages),
        "withheld": withheld,
        "without_record": waiting.people,
        "hot": hot_leads.count(service),
        "changes": changes,
        "tasks": tasks,
    }


def _live(running: Running) -> Result:
    """End shadow mode, within the limits that were chosen."""
    asked, actor = running.work.asked, running.work.actor
    limits = Limits(tasks_per_hour=asked["tasks_per_hour"], writes_per_minute=asked["records_per_minute"])
    lapsed = go_live(running.service, limits, actor)
    running.step("hot leads handed over")
    handed = hot_leads.hand_over(running.service, actor) if asked["hot_leads"] else 0
    return {"lapsed": lapsed, "handed": handed}


_WORKS: Mapping[Kind, Callable[[Running], Result]] = {
    "provision": _provision,
    "sync": _sync,
    "report": _report,
    "live": _live,
}


def _said(value: object) -> str:
    return "" if value is None else str(value)


def main(kind: str, connection: str) -> None:
    """The process's own way in."""
    from integration.wiring import build, logs  # noqa: PLC0415 - the web process has imported them already

    os.nice(_LATER)
    settings = build.settings()
    logs.configure(settings)
    named: Kind = next(each for each in get_args(Kind) if each == kind)
    carry_out(following(build.service()), settings, named, ConnectionName(connection or SERVICE))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
