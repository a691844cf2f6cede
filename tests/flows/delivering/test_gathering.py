"""When what waits for a CRM goes: the arithmetic by a table and by properties, and the lane that follows it."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from flows_crms import SYSTEMS, person
from flows_newcomers import asks, made_creating, people
from flows_run import Watch, activity, drain_all, receive, with_parts
from hypothesis import given
from hypothesis import strategies as st

from connectors.base.limits import Block, Tally, Unused, Usage, unused
from integration.flows.crm_calls.gathering import LONGEST, SETTLED, Batch, Flow, goes_at, many, pause
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span
from sandbox.server import Sandbox

NOW = 1_000 * SECOND
AGO = NOW - SECOND // 10
LINGER = SECOND
BO, ANA = "bo@acme.example", "ana@acme.example"


def few(**changes: Any) -> Batch:
    """Three of a hundred, the oldest of a tenth of a second ago."""
    return Batch(**{"rows": 3, "room": 100, "oldest": AGO, "newest": NOW - 10_000, **changes})


@pytest.mark.parametrize(
    ("batch", "flow", "at"),
    [
        pytest.param(Batch(room=100), Flow(coming=True), None, id="nothing waits"),
        pytest.param(few(), Flow(), NOW, id="the connection is idle"),
        pytest.param(few(), Flow(last=NOW - 1), NOW, id="a call has just ended"),
        pytest.param(few(), Flow(coming=True), AGO + 120_000, id="more is on its way, to few"),
        pytest.param(few(rows=1), Flow(coming=True), NOW, id="more comes too slowly to fill calls"),
        pytest.param(few(rows=25), Flow(coming=True), AGO + LINGER, id="more is on its way, to many"),
        pytest.param(few(rows=100), Flow(coming=True, pause=MINUTE), NOW, id="a call is full"),
        pytest.param(few(rows=0, room=0), Flow(), None, id="nothing may go"),
        pytest.param(few(oldest=NOW - LINGER), Flow(coming=True), NOW, id="the oldest has waited for the limit"),
        pytest.param(few(awaited=True), Flow(coming=True, last=NOW, pause=MINUTE), NOW, id="somebody waits"),
        pytest.param(few(), Flow(last=NOW - 50_000, pause=70_000), NOW + 20_000, id="calls are short"),
        pytest.param(few(), Flow(last=NOW - 90_000, pause=70_000), NOW, id="the pause is over"),
        pytest.param(few(), Flow(last=NOW, pause=3 * LINGER), AGO + 3 * LINGER, id="the pause is the limit"),
        pytest.param(few(), Flow(coming=True, pause=3 * LINGER), AGO + 3 * LINGER, id="calls are short under load"),
        pytest.param(few(), Flow(last=NOW - 1, full=NOW - 1), NOW - 10_000 + SETTLED, id="a flow fills calls"),
        pytest.param(few(newest=AGO), Flow(last=AGO, full=AGO), NOW, id="the flow has stopped"),
        pytest.param(few(rows=13), Flow(), NOW - 10_000 + SETTLED, id="many have just come"),
        pytest.param(few(rows=13, newest=AGO), Flow(), NOW, id="no more have come"),
        pytest.param(few(rows=13, newest=AGO), Flow(full=NOW - 1), AGO + LINGER, id="many after many"),
        pytest.param(few(), Flow(last=NOW - 2 * LINGER, full=NOW - 2 * LINGER), NOW, id="the flow was long ago"),
        pytest.param(few(), Flow(last=NOW + HOUR, full=NOW + HOUR, pause=MINUTE), NOW, id="the clock was set back"),
    ],
)
def test_a_batch_goes_at_once_where_calls_are_to_spare_and_gathers_where_they_are_not(
    batch: Batch, flow: Flow, at: Instant | None
) -> None:
    assert goes_at(batch, flow, linger=LINGER, now=NOW) == at


spans = st.integers(min_value=0, max_value=2 * MINUTE)
flows = st.builds(
    Flow,
    coming=st.booleans(),
    last=spans.map(lambda ago: NOW - ago + SECOND),
    full=spans.map(lambda ago: NOW - ago + SECOND),
    pause=st.integers(min_value=0, max_value=LONGEST * LINGER),
)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    oldest = NOW - draw(spans)
    rows, room = draw(st.integers(1, 250)), draw(st.integers(1, 200))
    newest = draw(st.integers(oldest, NOW))
    return Batch(rows=rows, room=room, oldest=oldest, newest=newest, awaited=draw(st.booleans()))


@given(batches(), flows, st.sampled_from([0, LINGER // 2, LINGER, 30 * SECOND]))
def test_nothing_waits_longer_than_the_limit_and_what_somebody_waits_for_not_at_all(
    batch: Batch, flow: Flow, linger: Span
) -> None:
    at = goes_at(batch, flow, linger=linger, now=NOW)
    assert at is not None
    assert NOW <= at <= max(NOW, batch.oldest + max(linger, flow.pause))
    if batch.awaited or batch.rows >= batch.room:
        assert at == NOW


@dataclass
class Lane:
    """A connection's lane over time: rows arrive, and every call takes a while. `ahead`: how early one sees them."""

    arrivals: list[Instant]
    room: int
    call: Span
    ahead: Span
    linger: Span = LINGER

    def calls(self) -> list[tuple[Instant, list[Instant]]]:
        """When each call began, and the rows that it carried."""
        left, made = sorted(self.arrivals), list[tuple[Instant, list[Instant]]]()
        now, last, full = min(left), 0, 0
        while left:
            here = [row for row in left if row <= now][: self.room]
            coming = any(now < row <= now + self.ahead for row in left)
            batch = Batch(rows=len(here), room=self.room, oldest=min(here, default=0), newest=max(here, default=0))
            at = goes_at(batch, Flow(coming=coming, last=last, full=full), linger=self.linger, now=now)
            if at is None or at > now:
                later = [row for row in left if row > now] + ([] if at is None else [at])
                now = min(now + 10_000, *later) if at is not None else min(later)
                continue
            made.append((now, here))
            left = left[len(here) :]
            now = last = now + self.call
            full = now if many(len(here), self.room) else full
        return made


streams = st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=60).map(lambda at: [NOW + each for each in at])
lanes = st.builds(
    Lane, streams, room=st.integers(1, 50), call=st.integers(1_000, 400_000), ahead=st.integers(0, 50_000)
)


@given(lanes)
def test_no_call_begins_while_one_is_under_way_and_the_next_one_carries_what_came_meanwhile(lane: Lane) -> None:
    calls = lane.calls()
    assert sorted(row for _, rows in calls for row in rows) == sorted(lane.arrivals)
    for (begun, _), (following, rows) in pairwise(calls):
        assert following >= begun + lane.call
        meanwhile = [row for row in lane.arrivals if begun < row <= following]
        assert len(rows) >= min(lane.room, len(meanwhile))


@given(lanes)
def test_the_lane_never_stands_idle_over_a_row_for_longer_than_the_limit(lane: Lane) -> None:
    busy = [(begun, begun + lane.call) for begun, _ in lane.calls()]
    for begun, rows in lane.calls():
        idle = begun - min(rows) - sum(max(0, min(end, begun) - max(start, min(rows))) for start, end in busy)
        assert idle <= lane.linger + 10_000


@given(st.integers(1, 300), st.integers(1, 60), st.integers(1, 400_000))
def test_under_load_no_call_goes_that_could_have_been_saved(rows: int, room: int, call: Span) -> None:
    stream = Lane([NOW + 1_000 * number for number in range(rows)], room, call, ahead=5_000)
    assert len(stream.calls()) == -(-rows // room)


@given(st.integers(1, 40), st.integers(1_000, 90_000))
def test_single_rows_far_apart_go_at_once(rows: int, call: Span) -> None:
    stream = Lane([NOW + 100_000 * number for number in range(rows)], 100, call, ahead=10_000)
    assert [begun for begun, _ in stream.calls()] == stream.arrivals


@given(st.integers(2, 40), st.integers(1_000, 50_000))
def test_rows_that_come_too_slowly_to_fill_calls_wait_for_a_twentieth_of_the_limit(rows: int, call: Span) -> None:
    """Something is on its way at every moment, as on a machine that is short of time."""
    stream = Lane([NOW + 80_000 * number for number in range(rows)], 100, call, ahead=DAY)
    for begun, carried in stream.calls():
        assert begun - min(carried) <= LINGER // 20 + call


def test_calls_are_to_spare_until_half_of_the_window_and_of_the_day_is_used() -> None:
    assert pause(Unused(), LINGER) == 0
    assert pause(Unused(window=0.5, day=0.5, calls=1), LINGER) == 0
    assert pause(Unused(window=0.25, span=10 * SECOND), LINGER) == SECOND // 2
    assert pause(Unused(window=0, span=10 * SECOND), LINGER) == SECOND
    assert pause(Unused(day=0.4, calls=40_000), LINGER) == DAY // 40_000, "what is left lasts for a day"
    assert pause(Unused(day=0, calls=0), LINGER) == LONGEST * LINGER
    assert pause(Unused(day=0, calls=0), 0) == 0, "where nothing is to linger, nothing does"


def test_what_is_unused_is_counted_beyond_what_is_kept_for_people() -> None:
    usage = Usage(window=10 * SECOND, window_limit=100, window_remaining=70, daily_limit=1_000, daily_remaining=600)
    told = Tally(usage=usage, told_at=NOW, blocks=(Block(at=NOW - SECOND, calls=20, open=0),), since=0)
    left = unused(told, NOW, reserve=0.2)
    assert (left.window, left.day, left.calls) == (0.7, 0.5, 400)
    assert unused(Tally(), NOW, reserve=0.2) == Unused(calls=0)


def written(sandbox: Sandbox) -> list[int]:
    """How many records each call to HubSpot carried."""
    entries = sandbox.hubspot.log.entries(method="POST", path="contacts/batch/update")
    return [len(entry.body["inputs"]) for entry in entries]


@pytest.fixture
def two(service: Service, sandbox: Sandbox, at: Watch) -> Service:
    """A service that lingers, with two people whom HubSpot knows; nothing waits."""
    for number, email in enumerate((ANA, BO)):
        person(sandbox, "hubspot", email)
        receive(service, activity(number, email, "email_open", at()))
    drain_all(service)
    sandbox.hubspot.log.clear()
    return service


class WaitsError(Exception):
    """A flow waits."""


def never(_seconds: float) -> None:
    raise WaitsError


def test_a_write_goes_at_once_where_nothing_more_is_on_its_way(two: Service, sandbox: Sandbox, at: Watch) -> None:
    receive(two, activity("click", ANA, "email_click", at()))
    ingest(two)
    advance(two)
    stopped = [0.0, 0.0, 10 * MINUTE]
    lanes = {"linger": 30 * SECOND, "sleep": never, "monotonic": lambda: stopped.pop(0) if stopped else 10 * MINUTE}
    assert deliver(with_parts(two, **lanes), "hubspot") == 1
    assert written(sandbox) == [1]


def test_a_write_waits_for_what_is_being_read_or_decided(two: Service, sandbox: Sandbox, at: Watch) -> None:
    receive(two, activity("click", ANA, "email_click", at()))
    ingest(two)
    advance(two)
    receive(two, activity("other", BO, "email_click", at()))
    steps = [lambda: ingest(two), lambda: advance(two)]

    def sleep(_seconds: float) -> None:
        if steps:
            assert written(sandbox) == []
            steps.pop(0)()
        at.forward(10_000)

    lanes = {"linger": 30 * SECOND, "sleep": sleep, "monotonic": lambda: at() / SECOND}
    deliver(with_parts(two, **lanes), "hubspot")
    assert written(sandbox) == [2]


@pytest.mark.parametrize("system", SYSTEMS)
def test_who_asks_for_a_demo_is_created_at_once_whatever_else_is_on_its_way(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    creating = made_creating(service, sandbox)(system)
    asks(creating, at, first_name="Ana", last_name="Silva")
    ingest(creating)
    at.forward(MINUTE)
    advance(creating)
    receive(creating, activity("other", BO, "email_click", at()))
    with pytest.raises(WaitsError):  # with their score
        deliver(with_parts(creating, linger=30 * SECOND, sleep=never), system)
    assert len(people(sandbox, system)) == 1
