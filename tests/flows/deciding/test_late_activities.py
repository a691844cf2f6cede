"""What arrives late: a lead derived from a checkpoint stands exactly where its whole history puts it."""

from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple

import pytest
from core_histories import histories
from flows_run import Watch, with_parts
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, select

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import Event, LeadChanged
from integration.flows.deciding import decide_leads
from integration.flows.history import apply_history
from integration.flows.history.lead_events import History
from integration.store.events import activities, retractions
from integration.store.events.activities import NewActivity
from integration.store.people import accounts, checkpoints, field_changes, leads
from integration.store.people.field_changes import NewChange
from integration.store.schema import tables
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.model.canonical import Activity
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import DAY, HOUR, SECOND, Instant

BOOKS = {name: CompiledPlaybook.of(build.playbook(name)) for name in ("standard", "two-axis")}
NUMBERS = count()
DELAYS = (0, 0, 0, 0, HOUR, DAY, 9 * DAY, 70 * DAY, -12 * HOUR)


class Arrival(NamedTuple):
    """An event, when it arrives, who says it, and whether it gives first values."""

    at: Instant
    event: Event
    source: str = "salesforce"
    initial: bool = False


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    """A lead's history in the order of its arrival: some of it late, some of it dated ahead, some of it a scanner's."""
    found = []
    for event in draw(histories(longest=24)):
        source = draw(st.sampled_from(("salesforce", "hubspot", "tool")))
        found.append(Arrival(event.at + draw(st.sampled_from(DELAYS)), event, source, draw(st.integers(0, 5)) == 0))
        if isinstance(event, Activity) and event.type == "email_click" and draw(st.booleans()):
            for number in range(draw(st.integers(1, 4))):
                url = {"url": f"https://example.com/{number}"}
                near = event._replace(id=f"{event.id}.{number}", at=event.at + number * SECOND, properties=url)
                found.append(Arrival(near.at + draw(st.sampled_from(DELAYS)), near))
    return sorted(found, key=lambda each: each.at)


def store(conn: Connection, lead: LeadId, account: AccountId, each: Arrival) -> None:
    """Store what arrived, as ingest and reading do."""
    event, key = each.event, f"{each.source}:{lead}:{each.event.id}"
    if isinstance(event, Activity):
        activities.add(conn, [NewActivity(key, lead, event.at, event.type, event.properties, each.source)])
        return
    of_lead = isinstance(event, LeadChanged)
    fields = {name: account if name == "account" else value for name, value in event.fields.items()}
    change = NewChange(
        key=key,
        at=event.at,
        fields=fields,
        lead_id=lead if of_lead else None,
        account_id=None if of_lead else account,
        initial=each.initial,
    )
    field_changes.add(conn, [change])
    if of_lead:
        leads.set_fields(
            conn, [leads.LeadFields(id=lead, email=None, fields=fields, updated_at=each.at, account_id=account)]
        )


def known(conn: Connection, lead: LeadId, account: AccountId) -> dict[str, Any]:
    """Everything that was decided about a lead, with no name of its own."""

    def rows(table: Table, column: str, without: Sequence[str]) -> list[str]:
        columns = [each for each in table.c if each.name not in without]
        found = conn.execute(select(*columns).where(table.c[column] == lead)).all()
        return sorted(repr(tuple(row)).replace(lead, "LEAD").replace(account, "ACCOUNT") for row in found)

    return {
        "lead": rows(tables.leads, "id", ["seen"]),
        "effects": rows(tables.effects, "lead_id", []),
        "outbox": rows(tables.outbox, "lead_id", ["id"]),
        "runs": rows(tables.clock_runs, "lead_id", []),
        "alerts": rows(tables.alerts, "lead_id", []),
    }


def test_a_late_activity_costs_what_came_after_it_and_not_the_whole_history(service: Service, at: Watch) -> None:
    lead, start = LeadId("ana"), at() - 400 * HOUR
    every = [
        Activity(f"a{number}", lead, start + number * HOUR, "page_view", {"page": "blog"}) for number in range(400)
    ]

    def arrives(conn: Connection, *events: Activity) -> History:
        for each in events:
            store(conn, lead, AccountId(""), Arrival(each.at, each))
        past = decide_leads.histories(conn, service, leads.get(conn, [lead]), at())[lead]
        decide_leads.decide(conn, service, [lead], at())
        return past

    with service.store.write() as conn:
        leads.add(conn, [leads.NewLead(id=lead, email=None, fields={}, created_at=start)])
        assert arrives(conn, *every).state is None, "there was nothing to go on from"
        for number, (back, most) in enumerate([(2, 55), (30, 105), (140, 360), (399, 500)]):
            late = every[0]._replace(id=f"late{number}", at=at() - back * HOUR - HOUR // 2)
            past = arrives(conn, late)
            assert len(past.events) <= most
            assert (past.base is None) == (back == len(every) - 1), "before all others there is no checkpoint"
        assert arrives(conn, every[0]._replace(id="in time", at=at())).base is None, "it goes on from the state"
        retractions.anew(conn, [lead])
        assert arrives(conn, every[0]._replace(id="last", at=at() - HOUR)).state is None


@pytest.fixture
def densely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply_history, "EVERY", 2)


@pytest.mark.usefixtures("densely")
@given(st.sampled_from(sorted(BOOKS)), arrivals(), st.integers(1, 3))
@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_who_is_derived_from_a_checkpoint_stands_where_their_whole_history_puts_them(
    service: Service, at: Watch, book: str, arriving: list[Arrival], together: int
) -> None:
    service, number = with_parts(service, compiled=BOOKS[book]), next(NUMBERS)
    pair = [
        (LeadId(f"with{number}."), AccountId(f"one{number}.")),
        (LeadId(f"without{number}."), AccountId(f"two{number}.")),
    ]
    ids = [lead for lead, _ in pair]
    with service.store.write() as conn:
        first = arriving[0].at
        leads.add(conn, [leads.NewLead(id=lead, email=None, fields={}, created_at=first) for lead in ids])
        accounts.add(conn, [accounts.NewAccount(id=firm, domain=None, fields={}, created_at=first) for _, firm in pair])
        for place in range(0, len(arriving), together):
            for each in arriving[place : place + together]:
                for lead, account in pair:
                    store(conn, lead, account, each)
                at.now = each.at
            checkpoints.forget(conn, ids[1:])
            decide_leads.decide(conn, service, ids, at())
            one, other = (known(conn, lead, account) for lead, account in pair)
            assert one == other
