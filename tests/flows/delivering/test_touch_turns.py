"""Touches that had to wait: written apart, in their window, by the cap, and not while sales talks [rules: tracks]."""

import itertools
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from flows_crms import person
from flows_outward import EMAIL, SYSTEMS
from flows_playbook_changes import edited
from flows_run import Watch, activity, dead, lead, receive, with_parts
from sqlalchemy import select, text, update

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.history.find_explanation import explained
from integration.store.db.json_codec import decode, encode
from integration.store.outgoing import outbox
from integration.store.schema.tables import outbox as outgoing
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import DAY, HOUR, MINUTE, show
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

Drain: TypeAlias = Callable[[Service], int]

DAILY = ("day 3: adjacent_problems", "day 1: adjacent_problems"), ("day 7: customer_story", "day 2: customer_story")
OFTEN = edited(*DAILY, ("at_most: 2 in 7d", "at_most: 9 in 7d"), name="two-axis")
WINDOWED = edited(
    *DAILY, ("at_most: 2 in 7d", "at_most: 9 in 7d\n  send: {days: Mon-Sun, hours: 09:00-11:00}"), name="two-axis"
)
CAPPED = edited(*DAILY, ("at_most: 2 in 7d", "at_most: 1 in 5d"), name="two-axis")
FIELDS = {
    "hubspot": ("coldframe_touch", "coldframe_touch_at"),
    "salesforce": ("Coldframe_Touch__c", "Coldframe_Touch_At__c"),
}


def stands(sandbox: Sandbox, system: str, record: str) -> tuple[Any, ...]:
    """Touch and time, as they stand on the record."""
    crm: Any = sandbox.hubspot if system == "hubspot" else sandbox.salesforce
    values = crm.values("contacts", record) if system == "hubspot" else crm.record("Lead", record)
    return tuple(values.get(name) for name in FIELDS[system])


def begun(service: Service, sandbox: Sandbox, at: Watch, system: str) -> str:
    """Somebody whose source puts them on the track `drip`, while the CRM refuses all writes."""
    record = person(sandbox, system, EMAIL)
    if system == "hubspot":
        sandbox.hubspot.set("contacts", record, {"lead_source": "educational_download"})
        fault = {"method": "POST", "path": "*/batch/update"}
    else:
        sandbox.salesforce.set("Lead", record, {"LeadSource": "Educational Download"})
        fault = {"method": "PATCH", "path": "*/composite/sobjects*"}
    at.forward(DAY)
    sandbox.faults.add(Fault(kind="unavailable", times=0, system=system, **fault))
    receive(service, activity("first", EMAIL, "form_submit", at(), form="Guide"))
    return record


def away(service: Service, at: Watch, drain_all: Drain, span: int) -> None:
    """The CRM is away for so long; decisions go on."""
    end = at() + span
    while at() < end:
        drain_all(service)
        at.forward(20 * HOUR)
    drain_all(service)


def written(  # noqa: PLR0917 - fixtures, and whose record
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str, record: str, step: int = MINUTE
) -> list[tuple[int, str, str]]:
    """(when, touch, touch_at) of every touch that a workflow sees which looks now, and again and again a step later."""
    seen: list[tuple[int, str, str]] = []
    for _ in range(4 if step == MINUTE else 9):
        drain_all(service)
        touch, since = stands(sandbox, system, record)
        if since and (not seen or seen[-1][2] != since):
            seen.append((at(), touch, since))
        at.forward(step)
    return seen


def waiting(service: Service) -> list[str]:
    with service.store.read() as conn:
        found = conn.execute(text("SELECT payload FROM outbox WHERE kind = 'touch' AND state = 'new' ORDER BY id"))
        return [str(payload) for payload in found.scalars()]


@SYSTEMS
def test_after_an_outage_touches_are_written_a_minute_apart_so_that_a_workflow_sees_each(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    ours = with_parts(service, compiled=CompiledPlaybook.of(OFTEN))
    record = begun(ours, sandbox, at, system)
    away(ours, at, drain_all, 2 * DAY + HOUR)
    assert len(waiting(ours)) == 3
    assert stands(sandbox, system, record) == (None, None)
    sandbox.faults.clear()
    at.forward(HOUR)
    seen = written(ours, sandbox, at, drain_all, system, record)[:3]
    assert [touch for _, touch, _ in seen] == ["takeaways", "adjacent_problems", "customer_story"]
    times = [when for when, _, _ in seen]
    assert [later - sooner >= MINUTE for sooner, later in itertools.pairwise(times)] == [True, True]
    assert len({since for _, _, since in seen}) == 3, "never two with one time"
    assert dead(ours) == []


@SYSTEMS
def test_a_late_touch_waits_for_its_window(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    ours = with_parts(service, compiled=CompiledPlaybook.of(WINDOWED))
    record = begun(ours, sandbox, at, system)
    away(ours, at, drain_all, DAY + 18 * HOUR)
    sandbox.faults.clear()
    at.forward(HOUR)
    drain_all(ours)
    with ours.store.read() as conn:
        assert outbox.oldest(conn, ConnectionName(system)) > at(), "what waits for its time is no backlog"  # type: ignore[operator] # there is one
    seen = written(ours, sandbox, at, drain_all, system, record, 110 * MINUTE)
    assert len(seen) >= 1
    assert [show(when)[11:13] for when, _, _ in seen if not "09" <= show(when)[11:13] < "11"] == []


@SYSTEMS
def test_the_cap_counts_by_when_touches_were_written(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    ours = with_parts(service, compiled=CompiledPlaybook.of(CAPPED))
    record = begun(ours, sandbox, at, system)
    away(ours, at, drain_all, 5 * DAY + HOUR)
    assert len(waiting(ours)) == 2
    sandbox.faults.clear()
    at.forward(HOUR)
    seen = written(ours, sandbox, at, drain_all, system, record)
    assert [touch for _, touch, _ in seen] == ["takeaways"], "the second one has its own five days"
    at.forward(5 * DAY)
    drain_all(ours)
    assert stands(sandbox, system, record)[0] == "adjacent_problems"


@SYSTEMS
def test_no_touch_is_written_once_sales_talks_and_explain_says_why(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    ours = with_parts(service, compiled=CompiledPlaybook.of(OFTEN))
    record = begun(ours, sandbox, at, system)
    away(ours, at, drain_all, DAY)
    receive(ours, activity("deal", EMAIL, "opportunity_created", at(), opportunity="1"))
    sandbox.faults.clear()
    at.forward(HOUR)
    drain_all(ours)
    assert lead(ours, EMAIL).stage == "sql"
    assert stands(sandbox, system, record) == (None, None)
    assert waiting(ours) == []
    found = explained(ours.store, ours.rules.compiled, EMAIL, at(), ours.ownership)
    assert found is not None
    told = [each.words for each in found[1].done if each.kind == "touch"]
    assert told[0] == "touch takeaways (not carried out: sales was at work on the lead when its turn came)"


@pytest.mark.parametrize("system", ["hubspot"])
def test_no_touch_is_written_to_an_address_that_mail_comes_back_from(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, system: str
) -> None:
    ours = with_parts(service, compiled=CompiledPlaybook.of(OFTEN))
    record = begun(ours, sandbox, at, system)
    away(ours, at, drain_all, DAY)
    receive(ours, activity("back", EMAIL, "email_bounce", at(), hard=True))
    sandbox.faults.clear()
    at.forward(HOUR)
    drain_all(ours)
    assert stands(sandbox, system, record) == (None, None)
    assert waiting(ours) == []


def moved(service: Service, state: str, **by: int) -> None:
    """Touches in this state were wanted, arrived or were to be named so much earlier."""
    with service.store.write() as conn:
        rows = conn.execute(select(outgoing).where(outgoing.c.kind == "touch", outgoing.c.state == state)).all()
        for row in rows:
            said = decode(row.payload, dict[str, Any])
            said["touch_at"] -= by.get("named", 0)
            times = {name: getattr(row, name) - span for name, span in by.items() if name != "named"}
            conn.execute(update(outgoing).where(outgoing.c.id == row.id).values(payload=encode(said), **times))


@pytest.mark.parametrize(
    ("sent", "then"),
    [
        ({"since": 60 * DAY}, {"not_before": 36 * DAY}),
        ({"since": 37 * DAY, "arrived_at": 37 * DAY, "named": 37 * DAY}, {"named": 38 * DAY, "not_before": 36 * DAY}),
    ],
    ids=["wanted long ago and written now", "written long ago, when the waiting one was decided"],
)
def test_a_touch_that_waited_for_weeks_counts_when_it_arrived_and_is_named_by_the_cap_of_then(  # noqa: PLR0917 - fixtures
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain, sent: dict[str, int], then: dict[str, int]
) -> None:
    ours = with_parts(service, compiled=CompiledPlaybook.of(CAPPED))
    record = begun(ours, sandbox, at, "hubspot")
    away(ours, at, drain_all, 5 * DAY + HOUR)
    assert len(waiting(ours)) == 2
    sandbox.faults.clear()
    at.forward(HOUR)
    drain_all(ours)
    first = stands(sandbox, "hubspot", record)
    assert first[0] == "takeaways"
    moved(ours, "sent", **sent)
    moved(ours, "new", **then)
    at.forward(MINUTE)
    drain_all(ours)
    if "named" not in then:
        assert stands(sandbox, "hubspot", record) == first, "one in five days"
    else:
        touch, named = stands(sandbox, "hubspot", record)
        assert (touch, named) == ("adjacent_problems", show(at())), "not the time of then, at which another one went"
