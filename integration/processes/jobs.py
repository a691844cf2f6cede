"""RQ's functions: three lines each. Redis carries a lane's name and nothing else."""

from collections.abc import Callable, Mapping
from functools import partial

from integration import wiring
from integration.boundary import recorded
from integration.flows.advance import advance
from integration.flows.deliver import deliver
from integration.flows.drift import watch
from integration.flows.homes import learn
from integration.flows.ingest import ingest
from integration.flows.reconcile import poll
from integration.flows.refresh import read_records
from integration.flows.send_alerts import send_alerts
from integration.flows.service import Service
from integration.flows.sweep import sweep as sweep_lanes
from integration.flows.trouble import watch_for_trouble
from integration.flows.user_directory import read_users


@recorded
def run(lane: str) -> int:
    """Drain one lane; the number of batches done."""
    service = wiring.service()
    work = lanes(service).get(lane)
    if work is None:
        msg = f"{lane!r} is no lane here"
        raise ValueError(msg)
    wiring.wakeups().clear(lane)
    return work()


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


def _look_at(service: Service, connection: str) -> int:
    learn(service, connection)
    return poll(service, connection)


@recorded
def sweep() -> int:
    """Wake every lane that has work waiting; the number of lanes woken."""
    return len(sweep_lanes(wiring.service()))


@recorded
def trouble() -> int:
    """See whether something goes wrong for so long that somebody has to be told; the number of alerts raised."""
    return watch_for_trouble(wiring.service())


@recorded
def users() -> int:
    """Read who can own records in every CRM; the number of CRMs that answered."""
    return read_users(wiring.service())


@recorded
def look() -> int:
    """Wake the reconciling poll of every connection; their number."""
    service = wiring.service()
    for name in service.connections:
        service.wake(f"poll:{name}")
    return len(service.connections)


@recorded
def drift() -> int:
    """See whether the CRMs still have the fields and permissions that the mappings need; the number of changes."""
    return watch(wiring.service())
