"""While everybody is derived anew, new work comes first, and no batch takes long."""

from collections.abc import Callable

import pytest
from flows_playbook_changes import EDITS, PEOPLE, edited, everybody, in_force
from flows_run import Watch, activity, decided, lead, receive, with_parts
from sqlalchemy import text

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.running_playbook import following, published
from integration.flows.deciding import decide_leads, rederive
from integration.flows.deciding.advance import turn
from integration.flows.deciding.rederive import FEWEST, paced
from integration.flows.intake.ingest import ingest
from integration.flows.publishing.put_in_force import publish
from integration.store.events.live_since import CHANGED
from integration.store.events.playbook_versions import Terms, Texts
from integration.store.people import leads
from integration.store.queues import derivation_walk, dirty, leases
from integration.store.queues.derivation_walk import Walk
from integration.store.queues.leases import Lease
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR, MINUTE

WIDE = edited(("distinct: day, at_least: 3, within: 5d, if: segment = A|B", "distinct: day, at_least: 2, within: 30d"))


@pytest.fixture
def changed(living: Service, at: Watch) -> Service:
    """A service whose gate was lowered just now."""
    at.forward(HOUR)
    return with_parts(living, compiled=CompiledPlaybook.of(EDITS["a lower gate"]))


@pytest.fixture
def lease(living: Service) -> Lease:
    with living.store.write() as conn:
        found = leases.take(conn, "advance", "a test", MINUTE)
    assert found is not None
    return found


def walk(service: Service) -> Walk:
    with service.store.read() as conn:
        return derivation_walk.walk(conn, in_force(service).number)


def past_accounts(service: Service, lease: Lease) -> None:
    turn(service, lease)
    while walk(service).accounts is not None:
        turn(service, lease)


def test_who_asks_for_a_demo_is_decided_about_and_stored_before_a_lead_is_derived_anew(
    changed: Service, lease: Lease, at: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(changed, activity("asks", PEOPLE[4], "demo_request", at()))
    ingest(changed)

    def never(*_given: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(rederive, "leads", never)
    with pytest.raises(KeyboardInterrupt):
        turn(changed, lease)
    assert lead(changed, PEOPLE[4]).stage == "mql"
    assert any("/handoff/" in each.key for each in decided(changed, PEOPLE[4], "task"))


def test_fewer_accounts_are_derived_anew_while_a_batch_of_leads_waits_and_never_none(
    changed: Service, lease: Lease, at: Watch
) -> None:
    service = following(changed)
    turn(service, lease)
    number = in_force(changed).number
    with changed.store.write() as conn:
        derivation_walk.walked(conn, Walk(version=number, leads_at_once=2, accounts_at_once=4), at())
        conn.execute(text("UPDATE accounts SET version = NULL"))
    for number_, email in enumerate(PEOPLE[:4]):
        receive(changed, activity(f"n{number_}", email, "email_click", at()))
    ingest(changed)
    firms = sorted({str(row.account_id) for row in everybody(changed)})
    turn(service, lease)
    assert walk(changed).accounts == firms[0], "four leads wait, and a batch is two: one of four accounts"


def test_who_is_decided_about_first_finds_what_their_account_did_in_the_past_as_the_past(
    living: Service, lease: Lease, at: Watch
) -> None:
    """Three firms, one in a turn: somebody of the last does something, and two days of its people are a signal now."""
    running = with_parts(living, started=at())
    who = max((row for row in everybody(running) if row.account_id), key=lambda row: str(row.account_id))
    at.forward(MINUTE)
    said, terms = Texts(playbook=WIDE.text), Terms(author="rev ops", reason="a test")
    number = publish(published(running), CompiledPlaybook.of(WIDE), said, terms, over=in_force(running).number).number
    with running.store.write() as conn:
        derivation_walk.walked(conn, Walk(version=number, accounts_at_once=1), at())
    at.forward(MINUTE)
    receive(running, activity("news", str(who.email), "call_attempt", at()))
    ingest(running)
    service = following(running)
    turn(service, lease)
    assert lead(running, str(who.email)).version == number
    assert walk(service).accounts is not None
    while turn(service, lease):
        pass
    found = [each for each in decided(running, str(who.email), "task") if "/account_returns/" in each.key]
    assert found
    assert {each.withheld for each in found if each.at < in_force(running).at} == {CHANGED}


def test_nobody_is_put_before_those_who_are_new_because_of_signals_of_the_past(
    living: Service, lease: Lease, at: Watch
) -> None:
    running = with_parts(living, started=at())
    at.forward(MINUTE)
    said, terms = Texts(playbook=WIDE.text), Terms(author="rev ops", reason="a test")
    number = publish(published(running), CompiledPlaybook.of(WIDE), said, terms, over=in_force(running).number).number
    with running.store.write() as conn:
        derivation_walk.walked(conn, Walk(version=number, accounts_at_once=1), at())
        anyway = {*leads.due(conn, at(), 9), *(each for each, _ in dirty.take(conn, at(), 9))}
    service, turns, before = following(running), 0, derived(running)
    while turn(service, lease) and walk(service).accounts is not None:
        turns += 1
        assert {row.id for row in everybody(running) if row.version == number} <= anyway, "the others have their turn"
    assert turns
    assert derived(running) > before
    while turn(service, lease):
        pass
    assert all(row.version == number for row in everybody(running))


def derived(service: Service) -> int:
    with service.store.read() as conn:
        return int(conn.execute(text("SELECT COUNT(*) FROM activities WHERE derived")).scalar_one())


def slow(seconds: float, monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """A clock by which it takes so long to decide about a lead."""
    now, outcome = [0.0], decide_leads.outcome

    def later(*given: object, **named: object) -> object:
        now[0] += seconds
        return outcome(*given, **named)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(decide_leads, "outcome", later)
    return lambda: now[0]


def test_a_batch_that_takes_long_is_followed_by_a_smaller_one(
    changed: Service, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = with_parts(changed, monotonic=slow(0.4, monkeypatch))
    past_accounts(service, lease)
    assert walk(service).leads_at_once == FEWEST
    left = walk(service).leads
    assert left is not None or walk(service).over


@pytest.mark.parametrize(
    ("size", "batches", "wanted"),
    [
        (100, [(100, 0.1)], 200),
        (100, [(100, 0.9)], 111),
        (100, [(100, 10.0)], 10),
        (FEWEST, [(FEWEST, 60.0)], FEWEST),
        (100, [(3, 0.2)], 100),
        (100, [(3, 6.0)], FEWEST),
        (100, [(0, 0.0), (100, 2.0)], 50),
        (100, [(90, 3.0), (100, 0.5)], 30),
        (200, [(200, 0.1)], 200),
    ],
)
def test_the_next_batch_is_what_a_second_is_enough_for(
    size: int, batches: list[tuple[int, float]], wanted: int
) -> None:
    assert paced(size, batches, 200) == wanted
