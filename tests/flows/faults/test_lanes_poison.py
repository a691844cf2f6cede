"""One bad item never stops the others: in every lane the others are done, and the bad one is seen in four places."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flows_crms import FIELDS, calls
from flows_poison import CASES, a_time_no_calendar_has
from flows_poison_outward import OUTWARD
from flows_poison_world import BOB, EVE, Case, World, world
from flows_run import Watch, activity, dead, drain_all, lead, receive

from connectors.base.port import Connector, Receipt, Write
from integration.examining.doctor_lanes import examined
from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.reading import reconcile
from integration.flows.reading.refresh import read_records
from integration.flows.upkeep.replay_letters import replay
from integration.settings.environment import load
from integration.store.crm import connection_pauses
from integration.store.overall import figure_snapshots
from integration.store.queues import suspects
from integration.web.app import create_app
from integration.wiring import clock
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, MINUTE
from sandbox.server import Sandbox


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def here(service: Service, sandbox: Sandbox, at: Watch) -> World:
    return world(service, sandbox, at)


def pages(service: Service) -> tuple[Mapping[str, Any], str]:
    """What /readyz and /metrics say, once the store was counted."""
    figure_snapshots.count(service.store, clock.now())
    settings = load({"COLDFRAME_SECRET_KEY": "k" * 32})
    app = create_app(settings, store=service.store, wake=lambda _lane: None, queue=list, now=clock.now)
    client = app.test_client()
    ready = client.get("/readyz")
    assert ready.status_code == 200, "everybody else is served"
    return ready.get_json(), client.get("/metrics").text


def worked(here: World, case: Case) -> None:
    """Let the lane run as often as it takes for an item to be given up."""
    for _ in range(4 if case.wait else 1):
        case.run()
        here.at.forward(case.wait)


def seen_in_four_places(service: Service, stage: str, lane: str) -> None:
    letters = [letter for letter in dead(service) if letter.stage == stage]
    findings = {finding.subject: finding for finding in examined(service.store)}
    assert not findings[f"lane {lane}"].ok
    assert any(letter.reason in findings[f"lane {lane}"].detail for letter in letters)
    ready, metrics = pages(service)
    assert ready["status"] == "degraded"
    assert lane in str(ready["lanes"])
    assert f'coldframe_set_aside{{lane="{lane}"}} {len(letters)}.0' in metrics


@pytest.mark.parametrize("poison", [*CASES, *OUTWARD], ids=lambda each: str(each.__name__))
def test_the_others_are_done_and_the_one_is_set_aside_until_it_goes_well(
    here: World, poison: Callable[[World], Case]
) -> None:
    case = poison(here)
    worked(here, case)
    assert case.others()
    seen_in_four_places(here.service, case.stage, case.lane)
    before = dead(here.service)
    assert len(before) == case.letters
    case.run()
    assert [(each.id, each.reason) for each in dead(here.service)] == [(each.id, each.reason) for each in before]
    case.mended()
    replay(here.service, [letter.id for letter in before], actor="test", now=here.at())
    for _ in range(2):
        case.mended()
        drain_all(here.service)
    assert dead(here.service) == []
    with here.service.store.read() as conn:
        assert suspects.set_aside(conn) == []
    assert pages(here.service)[0]["status"] == "ready"


def test_the_letter_of_a_lead_names_lead_event_and_playbook(here: World) -> None:
    case = a_time_no_calendar_has(here)
    case.run()
    (letter,) = dead(here.service)
    assert letter.lead_id == letter.ref == lead(here.service, EVE).id
    assert "event activities:av-eve@mallory.example" in letter.reason
    assert here.service.rules.playbook.fingerprint in letter.reason


def test_what_was_set_aside_is_tried_again_when_something_new_arrives_and_has_one_letter(here: World) -> None:
    case = a_time_no_calendar_has(here)
    case.run()
    (before,) = dead(here.service)
    receive(here.service, activity("more", EVE, "page_view", here.at()))
    ingest(here.service)
    here.at.forward(MINUTE)
    case.run()
    (letter,) = dead(here.service)
    assert (letter.id, letter.at) == (before.id, here.at()), "it was tried, in vain"
    case.mended()
    receive(here.service, activity("most", EVE, "page_view", here.at()))
    ingest(here.service)
    case.run()
    assert dead(here.service) == [], "nobody had to replay it"


def test_a_lead_that_was_set_aside_is_not_looked_at_when_its_time_comes(here: World) -> None:
    case = a_time_no_calendar_has(here)
    case.run()
    (before,) = dead(here.service)
    here.at.forward(30 * DAY)
    case.run()
    (letter,) = dead(here.service)
    assert letter.at == before.at


def test_a_lead_set_aside_that_is_joined_to_another_leaves_no_letter_behind(here: World) -> None:
    case = a_time_no_calendar_has(here)
    case.run()
    case.mended()
    here.sandbox.hubspot.merge("contacts", here.records[BOB], here.records[EVE])
    receive(here.service, activity("again", EVE, "page_view", here.at()))
    here.at.forward(MINUTE)
    reconcile.poll(here.service, "hubspot")
    drain_all(here.service)
    assert dead(here.service) == []


class Broken:
    """A connector whose every write raises what no port promises."""

    def __init__(self, inner: Connector) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def apply(self, _writes: list[Write]) -> list[Receipt]:
        message = "a page of HTML"
        raise TypeError(message)


def test_where_every_call_fails_nothing_is_set_aside_and_the_connection_rests(here: World) -> None:
    """Thirty people wait to be written; the connector has a fault of its own."""
    crowd = [f"p{number}@crowd.example" for number in range(30)]
    for number, email in enumerate(crowd):
        here.sandbox.hubspot.add("contacts", {"email": email})
        receive(here.service, activity(f"c{number}", email, "page_view", here.at(), page="pricing"))
    for _ in range(2):
        ingest(here.service)
        read_records(here.service, "hubspot")
        here.at.forward(MINUTE)
    advance(here.service)
    deliver(here.connected(Broken), "hubspot")
    assert dead(here.service) == []
    with here.service.store.read() as conn:
        assert "a page of HTML" in connection_pauses.paused(conn, here.at())["hubspot"].reason
        assert suspects.set_aside(conn) == []
    here.at.forward(2 * MINUTE)
    before = calls(here.sandbox, FIELDS["hubspot"])
    deliver(here.service, "hubspot")
    assert calls(here.sandbox, FIELDS["hubspot"]) > before
    assert dead(here.service) == []
