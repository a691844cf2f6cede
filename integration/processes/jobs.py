"""RQ's functions, three lines each. Redis carries a lane's name and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from integration.flows.assigning.reassign import reassign_overdue
from integration.flows.base.running_playbook import following
from integration.flows.bulk import rescoring
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.leaving.pass_on_leads import pass_on_leads
from integration.flows.leaving.pass_on_tasks import pass_on_tasks
from integration.flows.people_in_sales.send_alerts import send_alerts
from integration.flows.people_in_sales.trouble import watch_for_trouble
from integration.flows.people_in_sales.user_directory import read_users
from integration.flows.reading.reconcile import poll
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.drift import watch
from integration.flows.upkeep.find_homes import learn
from integration.flows.upkeep.gone_tasks import notice_gone
from integration.flows.upkeep.sweep import sweep as sweep_lanes
from integration.processes.job_failures import recorded
from integration.store.db.errors import StoreBusyError
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName

log = structlog.get_logger()


@recorded
def run(lane: str) -> int:
    """Drain one lane; the number of batches done."""
    service = build.service()
    work = lanes(service).get(lane)
    if work is None:
        msg = f"{lane!r} is no lane here"
        raise ValueError(msg)
    build.wakeups().clear(lane)
    try:
        return work()
    except StoreBusyError as error:  # others write: nothing is wrong with this lane's work
        log.warning("the lane goes on when the store is free", lane=lane, error=str(error))
        service.wake(lane)
        return 0


def lanes(service: Service) -> Mapping[str, Callable[[], int]]:
    """Every lane that there is, and what drains it. Redis may name any other: nothing is done then."""
    of_connections = {"refresh": read_records, "poll": _look_at, "deliver": deliver}
    return {
        "ingest": partial(ingest, service),
        "advance": partial(advance, service),
        **{
            f"{kind}:{name}": partial(work, service, name)
            for kind, work in of_connections.items()
            for name in service.connections
        },
        **{
            rescoring.lane(number): partial(rescoring.rescore_part, service, number)
            for number in range(rescoring.PARTS)
        },
        **{f"alerts:{way}": partial(send_alerts, service, way) for way in service.alert_ways},
    }


def _look_at(service: Service, connection: ConnectionName) -> int:
    learn(service, connection)
    return poll(service, connection)


@recorded
def sweep() -> int:
    """Wake every lane that has work waiting; the number of lanes woken."""
    return _sweep(build.service())


@recorded
def trouble() -> int:
    """See what has gone wrong for so long that an alert is due, or another person; the number of alerts and tasks."""
    return _trouble(build.service())


@recorded
def users() -> int:
    """Read who can own records in every CRM, and see to what those have who have left; how many CRMs answered."""
    return _users(build.service())


@recorded
def look() -> int:
    """Wake the reconciling poll of every connection; their number."""
    return _look(build.service())


@recorded
def drift() -> int:
    """See whether the CRMs still have the fields and permissions that the mappings need; the number of changes."""
    return _drift(build.service())


def _users(service: Service) -> int:
    read = read_users(service)
    notice_gone(service)
    pass_on_tasks(service)
    pass_on_leads(service)
    return read


def _sweep(service: Service) -> int:
    return len(sweep_lanes(service))


def _trouble(service: Service) -> int:
    return watch_for_trouble(following(service)) + reassign_overdue(service)


def _look(service: Service) -> int:
    for name in service.connections:
        service.wake(f"poll:{name}")
    return len(service.connections)


def _drift(service: Service) -> int:
    return watch(following(service))


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """A job that the scheduler has done again and again: by RQ, which calls `job`, or on a given service, by `work`.

    `seconds` lie between two times, None for as many as settings say. One that was not begun within `patience` times
    that is dropped. What calls a CRM goes to a CRM's queue: one that hangs must not keep webhooks from being read.
    """

    job: Callable[[], int]
    work: Callable[[Service], int]
    seconds: int | None
    timeout: int
    patience: int = 1
    calls_crms: bool = False

    def interval(self, poll_seconds: int) -> int:
        """The seconds between two times, where CRMs are looked at so often."""
        return poll_seconds if self.seconds is None else self.seconds


PERIODIC: Sequence[Periodic] = (
    Periodic(job=sweep, work=_sweep, seconds=10, timeout=60, patience=3),
    Periodic(job=look, work=_look, seconds=None, timeout=60),
    Periodic(job=trouble, work=_trouble, seconds=60, timeout=60),
    Periodic(job=drift, work=_drift, seconds=3_600, timeout=300, calls_crms=True),
    Periodic(job=users, work=_users, seconds=3_600, timeout=300, calls_crms=True),
)
"""Everything that happens by itself, whatever arrives."""
