"""RQ's functions, three lines each. Redis carries a lane's name and nothing else."""

from collections.abc import Callable, Mapping
from functools import partial

import structlog

from integration.flows.assigning.reassign import reassign_overdue
from integration.flows.base.running_playbook import following
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.people_in_sales.send_alerts import send_alerts
from integration.flows.people_in_sales.trouble import watch_for_trouble
from integration.flows.people_in_sales.user_directory import read_users
from integration.flows.reading.reconcile import poll
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.drift import watch
from integration.flows.upkeep.find_homes import learn
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
        **{f"alerts:{way}": partial(send_alerts, service, way) for way in service.alert_ways},
    }


def _look_at(service: Service, connection: ConnectionName) -> int:
    learn(service, connection)
    return poll(service, connection)


@recorded
def sweep() -> int:
    """Wake every lane that has work waiting; the number of lanes woken."""
    return len(sweep_lanes(build.service()))


@recorded
def trouble() -> int:
    """See what has gone wrong for so long that an alert is due, or another person; the number of alerts and tasks."""
    return watch_for_trouble(build.service()) + reassign_overdue(build.service())


@recorded
def users() -> int:
    """Read who can own records in every CRM; the number of CRMs that answered."""
    return read_users(build.service())


@recorded
def look() -> int:
    """Wake the reconciling poll of every connection; their number."""
    service = build.service()
    for name in service.connections:
        service.wake(f"poll:{name}")
    return len(service.connections)


@recorded
def drift() -> int:
    """See whether the CRMs still have the fields and permissions that the mappings need; the number of changes."""
    return watch(following(build.service()))
