"""What scanners and proxies do in mail is kept, shown and never counted, in whatever order it arrives."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from flows_crms import person
from flows_run import Watch, activity, decided, history, lead, receive

from integration.core.model.state import newborn
from integration.core.run.apply_events import advance as fold
from integration.core.run.decide import order
from integration.core.run.standing import standing
from integration.core.scoring.machines import marked
from integration.flows.deciding.advance import advance
from integration.flows.delivering.write_decisions import as_fields
from integration.flows.history import load_events
from integration.flows.history.find_explanation import explained
from integration.flows.intake.ingest import ingest
from integration.wiring.whole_service import Service
from mappings.model.canonical import MOVING
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
ANA = "ana@acme.example"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ana(sandbox: Sandbox, at: Watch) -> str:
    person(sandbox, "hubspot", ANA)
    at.forward(DAY)
    return ANA


def standing_of(service: Service) -> dict[str, Any]:
    row = lead(service, ANA)
    return {name: value for name, value in (row.standing or {}).items() if name not in MOVING}


def anew(service: Service) -> dict[str, Any]:
    """The standing that a fold of the whole history from its beginning comes to."""
    row = lead(service, ANA)
    with service.store.read() as conn:
        [events] = load_events.whole(conn, [row], service.ownership, service.rules.vocabulary).values()
    told_apart = marked(service.rules.vocabulary.machine, sorted(events, key=order))
    state = fold(service.rules.compiled, newborn(row.id), told_apart, service.now()).state
    fields = dict(as_fields(standing(service.rules.compiled, state, service.now()), service.now()))
    return {name: value for name, value in fields.items() if name not in MOVING}


def test_a_scanner_and_a_proxy_give_no_points_and_suppress_nobody(
    service: Service, at: Watch, drain_all: Drain, ana: str
) -> None:
    sent = at() - HOUR
    clicks = [activity(n, ana, "email_click", sent + n * SECOND // 12, campaign="jan", url=f"/{n}") for n in range(12)]
    opens = [activity(n, ana, "email_open", sent + MINUTE + n * SECOND, campaign="jan") for n in range(20, 51)]
    bye = activity(99, ana, "unsubscribe", sent + SECOND, campaign="jan")
    receive(service, *clicks, *opens, bye)
    drain_all(service)
    where = standing_of(service)
    assert (where["engagement"], where["stage"], where["opted_out"]) == (0, "inquiry", None)
    assert len(history(service, ana)) == 44
    found = explained(service.store, service.rules.compiled, ana, at())
    assert found is not None
    mail = found[1].mail
    assert (mail.opens.people, mail.opens.machines) == (0, 31)
    assert (mail.clicks.people, mail.clicks.machines) == (0, 12)
    assert {each.rule for each in mail.machines} == {"links", "scanned", "opens"}


def test_clicks_that_turn_out_to_be_a_scanners_are_taken_back(
    service: Service, at: Watch, drain_all: Drain, ana: str
) -> None:
    when = at() - HOUR
    receive(service, activity(1, ana, "email_click", when, campaign="jan", url="/a"))
    drain_all(service)
    assert standing_of(service)["engagement"] == 3
    receive(service, activity(2, ana, "email_click", when + SECOND, campaign="jan", url="/b"))
    drain_all(service)
    assert standing_of(service)["engagement"] == 6
    receive(service, activity(3, ana, "email_click", when + 2 * SECOND, campaign="jan", url="/c"))
    drain_all(service)
    assert standing_of(service)["engagement"] == 0
    receive(service, activity(4, ana, "email_click", when + MINUTE, campaign="jan", url="/c"))
    drain_all(service)
    assert standing_of(service)["engagement"] == 3


def test_a_sending_that_is_told_late_shows_whose_the_click_was(
    service: Service, at: Watch, drain_all: Drain, ana: str
) -> None:
    when = at() - HOUR
    receive(service, activity(1, ana, "email_click", when, campaign="jan", url="/a"))
    drain_all(service)
    assert standing_of(service)["engagement"] == 3
    receive(service, activity(2, ana, "email_sent", when - SECOND, campaign="jan"))
    drain_all(service)
    assert standing_of(service)["engagement"] == 0


def test_the_end_is_the_same_in_whatever_order_things_arrive(service: Service, at: Watch, drain_all: Drain) -> None:
    when = at() - HOUR
    happened: list[tuple[str, int, dict[str, Any]]] = [
        ("email_sent", 0, {"campaign": "jan"}),
        ("email_open", 3, {"campaign": "jan"}),
        ("email_open", 30, {"campaign": "jan"}),
        ("email_click", 31, {"campaign": "jan", "url": "/a"}),
        ("email_click", 33, {"campaign": "jan", "url": "/b"}),
        ("email_click", 35, {"campaign": "jan", "url": "/c"}),
        ("unsubscribe", 38, {"campaign": "jan"}),
        ("email_open", 40, {"campaign": "jan"}),
        ("email_open", 50, {"campaign": "jan"}),
        ("email_open", 55, {"campaign": "jan"}),
        ("email_open", 88, {"campaign": "jan"}),
        ("email_click", 90, {"campaign": "jan", "url": "/a"}),
        ("email_click", 94, {"campaign": "jan", "url": "/b"}),
        ("page_view", 96, {"url": "/pricing"}),
        ("email_open", 97, {"campaign": "feb"}),
    ]
    found = []
    for number, size in enumerate((15, 4, 3)):
        email = f"ana{number}@acme.example"
        items = [
            activity(f"{number}-{place}", email, kind, when + after * SECOND, **properties)
            for place, (kind, after, properties) in enumerate(happened)
        ]
        orders = (items, items[::-1], items[::3] + items[1::3] + items[2::3])
        for start in range(0, len(items), size):
            receive(service, *orders[number][start : start + size])
            drain_all(service)
        row = lead(service, email)
        found.append({name: value for name, value in (row.standing or {}).items() if name not in MOVING})
    assert found[0] == found[1] == found[2]
    assert (found[0]["engagement"], found[0]["stage"]) == (3 + 3 + 15 + 1, "inquiry"), (
        "five opens of a minute are a proxy's"
    )


def test_an_unsubscribe_waits_for_the_few_seconds_that_may_show_a_scanner(
    service: Service, at: Watch, drain_all: Drain, ana: str
) -> None:
    receive(service, activity(0, ana, "email_open", at() - HOUR, campaign="dec"))
    drain_all(service)
    receive(service, activity(1, ana, "unsubscribe", at(), campaign="jan"))
    ingest(service)
    assert advance(service) == 0, "it rests"
    receive(service, *(activity(n, ana, "email_click", at() + n, campaign="jan", url=f"/{n}") for n in range(2, 8)))
    ingest(service)
    assert advance(service) == 0
    at.forward(5 * SECOND)
    assert advance(service) == 1
    assert decided(service, ana, "stage") == []
    assert standing_of(service) == anew(service)


def test_a_persons_unsubscribe_is_heard_when_the_seconds_are_over(
    service: Service, at: Watch, drain_all: Drain, ana: str
) -> None:
    receive(service, activity(1, ana, "unsubscribe", at(), campaign="jan"))
    drain_all(service)
    at.forward(MINUTE)
    drain_all(service)
    assert standing_of(service)["stage"] == "suppressed"
