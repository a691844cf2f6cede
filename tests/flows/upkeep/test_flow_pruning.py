"""What has been read is kept for a week and not for ever, whatever waits; what nobody has read stays."""

import pytest
from flows_run import Watch
from sqlalchemy import select

from integration.flows.base.service import Retention, changed
from integration.flows.upkeep.sweep import sweep
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.events import taken
from integration.store.queues import dead_letters, inbox
from integration.store.queues.dead_letters import Letter
from integration.store.schema.tables import inbox as table
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR


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
    at.forward(7 * DAY - HOUR)
    young = _deliver(service, 2, read=True, name="young")
    assert sweep(service)
    assert len(_kept(service)) == 2_505, "a week is not over"
    at.forward(2 * HOUR)
    assert "ingest" in sweep(service)
    assert _kept(service) == [*unread, *young]
    with service.store.read() as conn:
        assert not taken.prunable(conn, service.now())


def _fail(service: Service, count: int) -> list[int]:
    with service.store.write() as conn:
        return [
            dead_letters.write(
                conn,
                Letter(stage="refresh", source="hubspot", ref=str(n), payload=b"", reason="refused", at=service.now()),
            )
            for n in range(count)
        ]


def test_sync_errors_go_so_many_days_after_they_ended_and_those_that_wait_stay(service: Service, at: Watch) -> None:
    kept = changed(service, retention=Retention(sync_errors=3 * DAY))
    ended, waiting = _fail(service, 1_200), _fail(service, 2)
    at.forward(100 * DAY)
    with service.store.write() as conn:
        dead_letters.replayed(conn, ended, at())
    at.forward(2 * DAY)
    sweep(kept)
    with service.store.read() as conn:
        assert len(dead_letters.get(conn, ended)) == 1_200, "three days are not over"
    at.forward(2 * DAY)
    sweep(kept)
    with service.store.read() as conn:
        assert [each.id for each in dead_letters.get(conn, [*ended, *waiting])] == waiting


def test_lines_of_the_trail_go_where_days_are_set_and_none_where_not(service: Service, at: Watch) -> None:
    with service.store.write() as conn:
        old = [Entry(at=at(), actor="a", action="old", subject=str(n)) for n in range(1_500)]
        audit_trail.add(conn, old)
    at.forward(90 * DAY)
    with service.store.write() as conn:
        audit_trail.add(conn, [Entry(at=at(), actor="a", action="new", subject="x")])

    def actions() -> set[str]:
        with service.store.read() as conn:
            return set(audit_trail.actions(conn)) & {"old", "new"}

    sweep(service)
    assert actions() == {"old", "new"}
    sweep(changed(service, retention=Retention(audit=30 * DAY)))
    assert actions() == {"new"}


def test_a_clock_that_is_ahead_of_the_databases_keeps_nothing_from_being_swept(service: Service, at: Watch) -> None:
    at.forward(3_650 * DAY)
    with service.store.write() as conn:
        audit_trail.add(conn, [Entry(at=service.store.now(conn), actor="a", action="young", subject="x")])
    sweep(changed(service, retention=Retention(audit=30 * DAY)))
    with service.store.read() as conn:
        assert "young" in audit_trail.actions(conn)
