"""What has been read is kept for a week and not for ever, whatever waits; what nobody has read stays."""

import pytest
from flows_run import Watch
from sqlalchemy import select

from integration.flows.upkeep.sweep import KEPT, sweep
from integration.store.events import taken
from integration.store.queues import inbox
from integration.store.schema.tables import inbox as table
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _deliver(service: Service, count: int, *, read: bool, name: str = "x") -> list[int]:
    rows = [("activities", {}, f"{name}{n}".encode(), service.now()) for n in range(count)]
    with service.store.write() as conn:
        ids = taken.keep(conn, rows, [taken.digest("activities", f"{name}{n}", b"") for n in range(count)])
        if read:
            inbox.done(conn, ids)
    return ids


def _kept(service: Service) -> list[int]:
    with service.store.read() as conn:
        return list(conn.execute(select(table.c.id).order_by(table.c.id)).scalars())


def test_what_was_read_a_week_ago_goes_also_while_something_waits_and_what_was_not_read_stays(
    service: Service, at: Watch
) -> None:
    unread = _deliver(service, 3, read=False, name="unread")
    _deliver(service, 2_500, read=True)
    at.forward(KEPT - HOUR)
    young = _deliver(service, 2, read=True, name="young")
    assert sweep(service)
    assert len(_kept(service)) == 2_505, "a week is not over"
    at.forward(2 * HOUR)
    assert "ingest" in sweep(service)
    assert _kept(service) == [*unread, *young]
    with service.store.read() as conn:
        assert not taken.prunable(conn, service.now())
