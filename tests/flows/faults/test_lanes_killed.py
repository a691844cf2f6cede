"""A row that kills its process is found in a few deaths and set aside, and the others of its batch are done."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import pytest
from flows_poison import a_time_no_calendar_has
from flows_poison_crms import Deadly, Spoilt, a_record_that_changed, a_record_to_be_read, scores_to_be_written
from flows_poison_world import EVE, Case, World, world
from flows_run import Watch, counts, dead, lead, with_parts

from connectors.base.port import Connector, Receipt, Write
from integration.flows.deciding import decide_leads as deciding
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.reading.reconcile import poll
from integration.flows.reading.refresh import read_records
from integration.store.db.session import Store
from integration.store.queues import leases
from integration.wiring.whole_service import Service
from mappings.values.instant import SECOND
from sandbox.server import Sandbox

KILLED = 9


def die(*_: object) -> NoReturn:
    os._exit(KILLED)


@dataclass(frozen=True)
class DiesAt:
    """A connector whose process dies when it is to make one write."""

    inner: Connector
    key: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        return die() if any(write.key == self.key for write in writes) else self.inner.apply(writes)


@pytest.fixture
def here(service: Service, sandbox: Sandbox, at: Watch) -> World:
    return world(service, sandbox, at)


def _deciding(here: World) -> tuple[Case, Callable[[Service], object]]:
    """Nothing is wrong with what is stored: only the process dies."""
    case = a_time_no_calendar_has(here)
    case.mended()
    victim, apply = lead(here.service, EVE).id, deciding.apply

    def deadly(playbook: Any, row: Any, *more: Any) -> Any:
        return die() if row.id == victim else apply(playbook, row, *more)

    def run(service: Service) -> object:
        deciding.apply = deadly  # type: ignore[attr-defined] # in a process of its own
        return advance(service)

    return case, run


def _reading(here: World) -> tuple[Case, Callable[[Service], object]]:
    case = a_record_to_be_read(here)
    return case, lambda service: read_records(_spoilt(here, service), "hubspot")


def _polling(here: World) -> tuple[Case, Callable[[Service], object]]:
    case = a_record_that_changed(here)
    return case, lambda service: poll(_spoilt(here, service), "hubspot")


def _spoilt(here: World, service: Service) -> Service:
    return replace(here, service=service).connected(lambda inner: Spoilt(inner, here.records[EVE], Deadly(die)))


def _writing(here: World) -> tuple[Case, Callable[[Service], object]]:
    case = scores_to_be_written(here)
    case.mended()
    key = f"fields:hubspot:{lead(here.service, EVE).id}"

    def run(service: Service) -> object:
        return deliver(replace(here, service=service).connected(lambda inner: DiesAt(inner, key)), "hubspot")

    return case, run


def in_a_process(here: World, run: Callable[[Service], object]) -> int:
    """Let a lane be worked by a process of its own, as a worker's job is; its exit status."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            store = Store.open(here.service.store.url.render_as_string(hide_password=False))
            run(with_parts(here.service, store=store, holder="child", lease=SECOND // 5))
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("arrange", [_deciding, _reading, _polling, _writing])
def test_what_kills_its_process_is_set_aside_after_a_few_deaths(
    here: World, arrange: Callable[[World], tuple[Case, Callable[[Service], object]]]
) -> None:
    case, run = arrange(here)
    here.service.store.dispose()
    deaths = 0
    while (status := in_a_process(here, run)) == KILLED:
        deaths += 1
        assert deaths <= 5, "tried again, but not for ever"
        time.sleep(0.25)  # until the dead worker's lease has expired
    assert status == 0
    assert deaths >= 2
    assert case.others()
    (letter,) = dead(here.service)
    assert (letter.stage, "killed" in letter.reason) == (case.stage, True)
    assert counts(here.service).set_aside == {case.lane: 1}
    time.sleep(0.25)
    assert in_a_process(here, run) == 0, "it is left alone"


def test_a_batch_that_went_well_after_a_death_leaves_no_suspects(here: World) -> None:
    case, _ = _deciding(here)
    with here.service.store.write() as conn:
        assert leases.take(conn, "advance", "killed", 1)
    time.sleep(0.01)
    advance(here.service)
    assert case.others()
    with here.service.store.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM suspects").scalar() == 0
