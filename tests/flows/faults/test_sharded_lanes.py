"""Lanes of several shards on PostgreSQL: processes share the work, no lead is decided about twice at once."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing import get_context

import pytest
from flows_run import Watch, activity, counts, receive, with_parts
from sqlalchemy import text

from integration.core.model.state import newborn
from integration.core.run.apply_events import advance as apply_events
from integration.flows.base import lane
from integration.flows.deciding import decide_leads, rederive
from integration.flows.deciding.advance import advance, turn
from integration.flows.history import load_events
from integration.flows.intake.ingest import ingest
from integration.store.db.errors import LeaseLostError
from integration.store.db.json_codec import encode
from integration.store.db.session import Store
from integration.store.db.shards import ALL, Shard
from integration.store.overall import merging
from integration.store.people import leads
from integration.store.queues import inbox, lane_shards, leases
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE, SECOND

PROCESSES = 3
PEOPLE = [f"p{number}@crowd.example" for number in range(120)]
_PATIENCE = 60.0
_RECORDED = """
CREATE TABLE recorded (what TEXT, id TEXT, process TEXT);
CREATE FUNCTION record() RETURNS TRIGGER LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO recorded
    SELECT TG_TABLE_NAME, NEW.id::TEXT, holder FROM leases WHERE xmin = pg_current_xact_id()::xid; RETURN NEW; END $$;
CREATE TRIGGER decided AFTER UPDATE OF state ON leads FOR EACH ROW EXECUTE FUNCTION record();
CREATE TRIGGER taken_in AFTER UPDATE OF state ON inbox FOR EACH ROW EXECUTE FUNCTION record();
"""


@pytest.fixture
def database() -> str:
    """Several shards need PostgreSQL."""
    return "postgresql"


def parted(service: Service, of: int) -> None:
    with service.store.write() as conn:
        lane_shards.change(conn, of, service.now())


def recorded(service: Service, what: str) -> list[tuple[str, str]]:
    """What was committed, in the database's own words: (id, the holder of the lease that was extended with it)."""
    with service.store.read() as conn:
        found = conn.execute(text("SELECT id, process FROM recorded WHERE what = :what"), {"what": what})
        return [(id_, process) for id_, process in found]


def together(service: Service, work: Callable[[Service], object], over: Callable[[Service], bool]) -> list[int]:
    """Start processes that do this work again and again until it is over; their ids."""
    url = service.store.url.render_as_string(hide_password=False)
    service.store.dispose()
    started, ready = [], get_context("fork").Barrier(PROCESSES)
    for number in range(PROCESSES):
        pid = os.fork()
        if pid == 0:
            status, until = 1, time.monotonic() + _PATIENCE
            try:
                mine = with_parts(service, store=Store.open(url), holder=f"process {number}", shards={})
                over(mine)
                ready.wait(_PATIENCE)
                while not over(mine) and time.monotonic() < until:
                    work(mine)
                    time.sleep(0.002)
                status = 0
            finally:
                os._exit(status)
        started.append(pid)
    return started


def ended(pids: list[int]) -> None:
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0


def taken_in(service: Service) -> bool:
    return counts(service).inbox["new"] == 0


def settled(service: Service) -> bool:
    return counts(service).dirty == 0


def test_processes_share_what_comes_in_and_decide_about_each_lead_once_in_the_order_of_what_it_did(
    service: Service, at: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody comes in three deliveries, in different shards, which meet them as strangers. Shards come and go."""
    advance(service)  # puts the playbook in force
    for number in range(0, 3 * len(PEOPLE), 4):
        some = [
            activity(f"{each}", PEOPLE[each % len(PEOPLE)], "page_view", at() - each * SECOND, page="pricing")
            for each in range(number, number + 4)
        ]
        receive(service, *some)
    parted(service, 4)
    with service.store.write() as conn:
        conn.execute(text(_RECORDED))
    monkeypatch.setattr("integration.flows.intake.ingest.BATCH", 3)
    ended(together(service, ingest, taken_in))
    read = recorded(service, "inbox")
    assert (len(read), len({id_ for id_, _ in read})) == (90, 90)
    assert len({process for _, process in read}) == PROCESSES
    monkeypatch.setattr(rederive, "LEADS", 5)
    at.forward(MINUTE)
    running = together(service, advance, settled)
    for later, so_far in ((3, len(PEOPLE) // 4), (1, len(PEOPLE) // 2)):
        while len(recorded(service, "leads")) < so_far:
            time.sleep(0.005)
        parted(service, later)
    ended(running)
    decided = recorded(service, "leads")
    assert Counter(id_ for id_, _ in decided).most_common(1)[0][1] == 1, "nobody twice"
    assert len({process for _, process in decided}) == PROCESSES
    with service.store.read() as conn:
        rows = leads.get(conn, leads.by_email(conn, PEOPLE).values())
        whole = load_events.whole(conn, rows, service.ownership)
    assert len(rows) == len(decided) == len(PEOPLE)
    for row in rows:
        fresh = apply_events(service.rules.compiled, newborn(row.id), whole[row.id], at(), owned=True)
        assert row.state == encode(fresh.state)


def test_two_leads_of_two_shards_are_joined_when_nobody_decides_about_either(
    service: Service, at: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance(service)
    for number, email in enumerate(PEOPLE[:8]):
        receive(service, activity(number, email, "page_view", at(), page="pricing"))
    ingest(service)
    at.forward(MINUTE)
    advance(service)
    parted(service, 2)
    with service.store.read() as conn:
        known = leads.by_email(conn, PEOPLE[:8])
    winner = next(email for email in known if Shard(number=1, of=2).has(known[email]))
    loser = next(email for email in known if email != winner)
    receive(service, activity("again", winner, "email_click", at()))
    ingest(service)
    at.forward(MINUTE)
    deciding, go_on = threading.Event(), threading.Event()
    usual = decide_leads.outcome

    def dawdle(*given: object) -> object:
        deciding.set()
        go_on.wait(_PATIENCE)
        return usual(*given)  # type: ignore[arg-type]

    with service.store.write() as conn:
        second, _ = lane_shards.take(conn, "advance", Shard(number=1, of=2), "second", MINUTE)
        first, _ = lane_shards.take(conn, "advance", Shard(number=0, of=2), "first", MINUTE)
    assert first is not None
    assert second is not None
    with monkeypatch.context() as patched:
        patched.setattr(decide_leads, "outcome", dawdle)
        slow = threading.Thread(target=turn, args=(service, second))
        slow.start()
        assert deciding.wait(_PATIENCE)
    with service.store.write() as conn:
        merging.join(conn, known[loser], known[winner], at())
    joins = threading.Thread(target=turn, args=(service, first))
    joins.start()
    joins.join(0.3)
    assert joins.is_alive(), "it waits for the batch under way"
    go_on.set()
    slow.join(_PATIENCE)
    joins.join(_PATIENCE)
    while turn(service, second):
        pass
    with service.store.read() as conn:
        (row,) = leads.get(conn, [known[winner]])
        whole = load_events.whole(conn, [row], service.ownership)
    fresh = apply_events(service.rules.compiled, newborn(row.id), whole[row.id], at(), owned=True)
    assert row.state == encode(fresh.state)


def test_whoever_works_by_a_number_of_shards_that_is_over_takes_no_lane_and_saves_nothing(service: Service) -> None:
    parted(service, 4)
    with service.store.write() as conn:
        held, _ = lane_shards.take(conn, "advance", Shard(number=3, of=4), "a", MINUTE)
    assert held is not None
    parted(service, 2)
    with pytest.raises(LeaseLostError), service.store.write() as conn:
        leases.extend(conn, held)
    with service.store.write() as conn:
        assert lane_shards.take(conn, "advance", Shard(number=3, of=4), "a", MINUTE) == (None, 2)
        assert lane_shards.take(conn, "advance", ALL, "a", MINUTE) == (None, 2)
        assert lane_shards.take(conn, "advance", Shard(number=1, of=2), "a", MINUTE)[0] is not None
        assert lane_shards.free(conn, "advance", 2) == [Shard(number=0, of=2)]


def test_what_has_just_come_is_left_to_those_who_are_at_work_and_taken_where_they_do_not_come_to_it(
    service: Service, at: Watch
) -> None:
    advance(service)
    parted(service, 2)
    ingest(service)  # learns the number of shards
    with service.store.write() as conn:
        other, _ = lane_shards.take(conn, "ingest", Shard(number=0, of=2), "other", MINUTE)
    assert other is not None
    slept: list[float] = []

    def others_come(seconds: float) -> None:
        slept.append(seconds)
        with service.store.write() as conn:
            inbox.done(conn, [each.id for each in inbox.pending(conn, 9, shard=mine)])

    def two(name: str) -> None:
        for number in range(2):
            receive(service, activity(f"{name}{number}", PEOPLE[number], "page_view", at(), page="pricing"))

    mine = Shard(number=1, of=2)
    two("taken by others")
    assert ingest(with_parts(service, sleep=others_come)) == 0
    two("left by others")
    assert ingest(with_parts(service, sleep=slept.append)) == 1
    assert slept == [lane.HEAD_START] * 2
    two("for long")
    at.forward(SECOND)
    assert ingest(with_parts(service, sleep=slept.append)) == 1
    assert len(slept) == 2, "it did not wait"
    with service.store.read() as conn:
        assert not inbox.waiting(conn, at(), mine)
        assert inbox.waiting(conn, at(), Shard(number=0, of=2)), "somebody else holds it"
