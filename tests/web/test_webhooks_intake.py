"""Group commit: nobody is answered before the commit, few commits carry many, and no outage keeps anybody waiting."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection
from webhooks_senders import Kept

from integration.store.db.errors import StoreDownError
from integration.store.db.session import Store
from integration.store.queues import inbox
from integration.web.inbox_writer import MOST, Intake
from webhooks.blueprint import InboxUnavailableError


class Counting(Store):
    """The real store, counting its write transactions; each takes at least `delay` seconds, as on a slow disk."""

    writes = 0
    delay = 0.0
    down = False

    @contextlib.contextmanager
    def write(self, **how: bool) -> Iterator[Connection]:
        self.writes += 1
        if self.down:
            raise StoreDownError
        with super().write(**how) as conn:
            time.sleep(self.delay)
            yield conn


@pytest.fixture
def counting(store: Store) -> Iterator[Counting]:
    opened = Counting.open(str(store.url))
    yield opened
    opened.dispose()


@pytest.fixture
def intake(counting: Counting) -> Iterator[Intake]:
    opened = Intake(counting, patience=60.0)
    yield opened
    opened.close()


@pytest.fixture
def impatient(counting: Counting) -> Iterator[Intake]:
    opened = Intake(counting, patience=0.3)
    yield opened
    opened.close()


def put(intake: Intake, number: int) -> int:
    return intake.put("hubspot", {"n": str(number)}, f"[{number}]".encode(), number)


def test_many_threads_each_get_the_id_of_their_own_row(intake: Intake, kept: Kept) -> None:
    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda number: put(intake, number), range(400)))
    assert {delivery.id: delivery.body for delivery in kept()} == {
        id_: f"[{number}]".encode() for number, id_ in enumerate(ids)
    }
    assert len(set(ids)) == 400


def test_a_slow_disk_commits_what_has_gathered_at_once(intake: Intake, counting: Counting) -> None:
    counting.delay = 0.05
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda number: put(intake, number), range(128)))
    assert counting.writes <= 12


def test_a_lone_delivery_does_not_wait_for_company(intake: Intake) -> None:
    put(intake, 0)
    taken = []
    for number in range(1, 6):
        started = time.monotonic()
        put(intake, number)
        taken.append(time.monotonic() - started)
    assert min(taken) < 0.5


def test_a_row_is_durable_when_put_returns(intake: Intake, store: Store) -> None:
    id_ = put(intake, 7)
    with store.read() as conn:
        assert [delivery.id for delivery in inbox.pending(conn, 10)] == [id_]
        assert conn.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_a_store_that_is_down_is_told_to_every_caller_at_once_and_recovers(intake: Intake, counting: Counting) -> None:
    counting.down = True
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda number: _outcome(intake, number), range(16)))
    assert outcomes == ["unavailable"] * 16
    counting.down = False
    assert put(intake, 1) > 0


def _outcome(intake: Intake, number: int) -> int | str:
    try:
        return put(intake, number)
    except InboxUnavailableError:
        return "unavailable"


def test_a_caller_gives_up_after_its_patience_and_its_row_is_not_written_later(
    impatient: Intake, counting: Counting, kept: Kept
) -> None:
    counting.delay = 2.0
    busy = threading.Thread(target=_outcome, args=(impatient, 0))
    busy.start()
    while not counting.writes:
        time.sleep(0.01)
    started = time.monotonic()
    assert _outcome(impatient, 1) == "unavailable"
    assert time.monotonic() - started < 1.8
    counting.delay = 0.0
    busy.join()
    while not kept():
        time.sleep(0.01)  # the commit that was under way is not taken back
    while _outcome(impatient, 2) == "unavailable":
        pass
    bodies = [delivery.body for delivery in kept()]
    assert b"[1]" not in bodies
    assert b"[2]" in bodies


def test_a_mistake_of_ours_reaches_its_caller_and_the_writer_lives_on(intake: Intake) -> None:
    with pytest.raises(NotImplementedError, match="no JSON"):
        intake.put("hubspot", {"n": object()}, b"[]", 1)
    assert put(intake, 1) > 0


def test_closing_commits_what_waits_and_a_later_put_starts_again(intake: Intake, counting: Counting) -> None:
    counting.delay = 0.02
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(put, intake, number) for number in range(MOST + 8)]
        answers[0].result()
        intake.close()
        assert len({answer.result() for answer in answers}) == MOST + 8
    assert put(intake, 1) > 0
    intake.close()
    intake.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # that is the very subject
def test_a_forked_child_writes_with_a_writer_of_its_own(intake: Intake, kept: Kept) -> None:
    put(intake, 0)
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            os._exit(0 if put(intake, 1) else 1)
        os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    put(intake, 2)
    assert [delivery.body for delivery in kept()] == [b"[0]", b"[1]", b"[2]"]
