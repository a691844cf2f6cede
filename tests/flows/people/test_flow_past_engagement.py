"""How engaged people were at instants of the past is what their histories until then come to, at little cost."""

import pytest
from flows_crms import person
from flows_run import Watch, activity, drain_all, lead, receive
from sqlalchemy import event

from integration.core.model.state import newborn
from integration.core.run.apply_events import advance as fold
from integration.core.run.standing import standing
from integration.flows.history import load_events
from integration.flows.people.past_engagement import Engagement
from integration.flows.reading import reconcile
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.wiring.whole_service import Service
from mappings.model.canonical import Activity
from mappings.values.identifiers import AccountId
from mappings.values.instant import DAY, HOUR, Instant
from sandbox.server import Sandbox

FIRM = AccountId("acme")
SHARING = 15
"""What `internal_sharing` is worth in the playbook of these tests."""
EMAILS = ("ana@acme.example", "bo@acme.example")


@pytest.fixture
def instants(service: Service, sandbox: Sandbox, at: Watch) -> list[Instant]:
    """Two people who read and click for three weeks; every instant at which one of them did."""
    for email in EMAILS:
        person(sandbox, "hubspot", email)
    reconcile.poll(service, "hubspot")
    found = []
    for day in range(20):
        at.forward(DAY)
        kind = ("page_view", "email_click", "page_view")[day % 3]
        for number, email in enumerate(EMAILS[: 1 + day % 2]):
            found.append(at() - number * HOUR)
            receive(service, activity(f"{day}-{number}", email, kind, found[-1], page="pricing"))
    drain_all(service)
    return sorted(found)


def test_it_is_what_the_history_until_then_comes_to(service: Service, instants: list[Instant]) -> None:
    ids = [lead(service, email).id for email in EMAILS]
    with service.store.read() as conn:
        engagement = Engagement(conn, service, {FIRM: ids})
        found = {(each, at): engagement.of(each, at=at) for at in (*instants, instants[3]) for each in ids}
        events = load_events.whole(conn, [lead(service, email) for email in EMAILS], service.ownership)
    assert len(set(found.values())) > 3
    for (each, at), value in found.items():
        past = [one for one in events[each] if one.at <= at]
        state = fold(service.rules.compiled, newborn(each), past, at).state
        assert value == standing(service.rules.compiled, state, at).engagement
    assert engagement.of("somebody else", at=instants[0]) == 0


def test_histories_are_read_once_however_often_it_is_asked(service: Service, instants: list[Instant]) -> None:
    ids = [lead(service, email).id for email in EMAILS]
    with service.store.read() as conn:
        engagement, said = Engagement(conn, service, {FIRM: ids}), list[str]()

        def note(*given: object) -> None:
            said.append(str(given[2]))

        event.listen(conn.engine, "before_cursor_execute", note)
        try:
            for at in instants:
                for each in ids:
                    engagement.of(each, at=at)
        finally:
            event.remove(conn.engine, "before_cursor_execute", note)
    assert 0 < len(said) <= 5


def test_what_was_derived_counts_as_it_is_derived_now_and_not_as_rules_of_before_stored_it(
    service: Service, instants: list[Instant]
) -> None:
    who, at = lead(service, EMAILS[0]).id, instants[1]
    stored = NewActivity("derived:then", who, instants[0] + HOUR, "internal_sharing", {}, "derived", FIRM, derived=True)
    with service.store.write() as conn:
        activities.add(conn, [stored])
    with service.store.read() as conn:
        first, second = (Engagement(conn, service, {FIRM: [who]}) for _ in range(2))
        before = first.of(who, at=instants[0]), second.of(who, at=instants[0])
        second.add([Activity("derived:now", who, at, "internal_sharing", {}, FIRM, derived=True)])
        assert before[0] == before[1]
        assert second.of(who, at=at) == first.of(who, at=at) + SHARING
        late = Engagement(conn, service, {FIRM: [who]})
        late.add([Activity("derived:now", who, at, "internal_sharing", {}, FIRM, derived=True)])
        assert late.of(who, at=at) == second.of(who, at=at), "also where nobody was asked for before"


def test_what_is_derived_for_an_instant_that_was_asked_for_counts_from_then_on(
    service: Service, instants: list[Instant]
) -> None:
    who, then, later = lead(service, EMAILS[0]).id, instants[1], instants[-1]
    derived = Activity("derived:now", who, then, "internal_sharing", {}, FIRM, derived=True)
    with service.store.read() as conn:
        asked, untouched = (Engagement(conn, service, {FIRM: [who]}) for _ in range(2))
        asked.of(who, at=later)  # of an account whose people are looked at later
        asked.add([derived])
        untouched.add([derived])
        for at in (later, then, later):
            assert asked.of(who, at=at) == untouched.of(who, at=at)
