"""What a job of a lane does where the database is busy: it is woken again, and nothing has failed."""

import pytest
from flows_run import with_parts

from integration.processes import jobs
from integration.store.db.errors import StoreBusyError
from integration.wiring import build
from integration.wiring.whole_service import Service


class Cleared:
    """Wake-ups of which the lanes that were cleared are kept."""

    def __init__(self) -> None:
        self.lanes: list[str] = []

    def clear(self, lane: str) -> None:
        self.lanes.append(lane)


def busy() -> int:
    msg = "another process has been writing for 2 s"
    raise StoreBusyError(msg)


def test_a_lane_that_finds_the_database_busy_is_woken_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    woken, cleared = list[str](), Cleared()
    monkeypatch.setattr(build, "service", lambda: with_parts(service, wake=woken.append))
    monkeypatch.setattr(build, "wakeups", lambda: cleared)
    monkeypatch.setattr(jobs, "lanes", lambda _service: {"ingest": busy})
    assert jobs.run("ingest") == 0
    assert (cleared.lanes, woken) == (["ingest"], ["ingest"])
