"""What a record says besides scores: signals, funnel stage, when the answer is due, what comes next, by which rules."""

from collections import Counter
from typing import Any

from flows_crms import person
from flows_outward import EMAIL, SYSTEMS, looking
from flows_run import Watch, activity, dead, lead, receive
from sqlalchemy import text

from integration.flows.reading import reconcile
from integration.wiring.whole_service import Service
from mappings.model.canonical import STANDING_FIELDS
from mappings.values.instant import DAY, HOUR, show
from sandbox.server import Sandbox


def said(sandbox: Sandbox, system: str, record: str) -> dict[str, Any]:
    """Our fields of the record by their canonical names."""
    if system == "salesforce":
        values = sandbox.salesforce.record("Lead", record)
        names = {name: f"Coldframe_{'_'.join(map(str.capitalize, name.split('_')))}__c" for name in STANDING_FIELDS}
    else:
        values = sandbox.hubspot.values("contacts", record)
        names = {name: f"coldframe_{name}" for name in STANDING_FIELDS}
    return {name: values.get(field) for name, field in names.items()}


def known(service: Service, sandbox: Sandbox, system: str) -> str:
    record = person(sandbox, system, EMAIL)
    reconcile.poll(service, service.connections[system].name)  # type: ignore[index] # a name of the sandbox's
    return record


@SYSTEMS
def test_a_record_says_why_until_when_and_what_comes_next(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    look, record = looking(service, at), known(service, sandbox, system)
    receive(
        service,
        activity(1, EMAIL, "page_view", at() - HOUR, page="pricing"),
        activity(2, EMAIL, "page_view", at() - 2 * HOUR, page="case_study"),
        activity(3, EMAIL, "demo_request", at()),
    )
    look()
    found = said(sandbox, system, record)
    standing = lead(service, EMAIL).standing or {}
    assert "pricing" in found["top_signals"]
    assert len(str(found["top_signals"]).splitlines()) == 2
    assert found["funnel_stage"] == standing["funnel_stage"] == "pre_deal"
    assert str(found["scored_by"]) == "two-axis, version 1"
    for name in ("sla_due", "last_activity"):
        assert str(found[name])[:16] == show(int(str(standing[name])))[:16], name


@SYSTEMS
def test_a_record_no_longer_says_until_when_once_sales_has_answered(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    look, record = looking(service, at), known(service, sandbox, system)
    receive(service, activity(1, EMAIL, "demo_request", at()))
    look()
    assert said(sandbox, system, record)["sla_due"]
    receive(service, activity(2, EMAIL, "sales_accepted", at()))
    look()
    assert not said(sandbox, system, record)["sla_due"]


@SYSTEMS
def test_the_next_touch_of_a_track_stands_on_the_record(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    look, record = looking(service, at), known(service, sandbox, system)
    receive(service, activity(1, EMAIL, "newsletter_signup", at()))
    look()
    at.forward(DAY)
    look()
    found, standing = said(sandbox, system, record), lead(service, EMAIL).standing or {}
    assert found["next_touch"] == standing["next_touch"] != None  # noqa: E711 - the three are compared
    assert int(str(standing["next_touch_at"])) > at()


@SYSTEMS
def test_a_new_time_or_version_alone_is_not_written(service: Service, sandbox: Sandbox, at: Watch, system: str) -> None:
    look, record = looking(service, at), known(service, sandbox, system)
    receive(service, activity(1, EMAIL, "page_view", at(), page="other"))
    look()
    before = said(sandbox, system, record)
    at.forward(HOUR)
    receive(service, activity(2, EMAIL, "page_view", at(), page="other"))
    look()
    assert said(sandbox, system, record) == before
    with service.store.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM outbox WHERE state = 'new'")).scalar_one() == 0


@SYSTEMS
def test_a_record_says_since_when_an_answer_is_overdue_until_it_is_there(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    look, record = looking(service, at), known(service, sandbox, system)
    receive(service, activity(1, EMAIL, "demo_request", at()))
    look()
    due = said(sandbox, system, record)["sla_due"]
    assert not said(sandbox, system, record)["overdue_since"]
    at.forward(3 * DAY)
    look()
    assert said(sandbox, system, record)["overdue_since"] == due
    receive(service, activity(2, EMAIL, "sales_accepted", at()))
    look()
    assert not said(sandbox, system, record)["overdue_since"]


@SYSTEMS
def test_a_record_says_since_when_a_lead_that_was_given_back_is_active_again(
    service: Service, sandbox: Sandbox, at: Watch, system: str
) -> None:
    look, record = looking(service, at), known(service, sandbox, system)
    receive(
        service,
        activity(1, EMAIL, "email_click", at()),
        activity(2, EMAIL, "opportunity_created", at(), opportunity="1"),
    )
    look()
    receive(service, activity(3, EMAIL, "opportunity_lost", at(), opportunity="1"))
    look()
    assert lead(service, EMAIL).stage == "recycled"
    assert not said(sandbox, system, record)["active_again"], "what it did before was before"
    at.forward(DAY)
    again = at()
    receive(service, activity(4, EMAIL, "content_download", again, asset="Guide", asset_type="educational"))
    look()
    assert lead(service, EMAIL).stage == "recycled", "its time has not come"
    assert said(sandbox, system, record)["active_again"][:16] == show(again)[:16]


ALIKE = ("stage", "track", "segment", "band", "total")


def test_every_record_of_a_person_says_the_same(service: Service, sandbox: Sandbox, at: Watch) -> None:
    """A form made a second Lead for the same address; a touch is named on one of them, where it is delivered."""
    look, record = looking(service, at), known(service, sandbox, "salesforce")
    receive(service, activity(1, EMAIL, "newsletter_signup", at()))
    look()
    again = person(sandbox, "salesforce", EMAIL)
    look()
    first, second = said(sandbox, "salesforce", record), said(sandbox, "salesforce", again)
    assert {name: second[name] for name in ALIKE} == {name: first[name] for name in ALIKE}
    assert second["track"]
    receive(service, activity(2, EMAIL, "demo_request", at()))
    look()
    assert said(sandbox, "salesforce", again)["stage"] == said(sandbox, "salesforce", record)["stage"] == "mql"
    at.forward(7 * DAY)
    look()
    named = [bool(said(sandbox, "salesforce", each)["touch"]) for each in (record, again)]
    assert named == [True, False]
    assert dead(service) == []


def test_a_record_that_was_converted_is_not_written_again_and_its_twin_is(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    look, record = looking(service, at), known(service, sandbox, "salesforce")
    twin = person(sandbox, "salesforce", EMAIL)
    receive(service, activity(1, EMAIL, "demo_request", at()))
    look()
    contact = str(sandbox.salesforce.convert(record)["ConvertedContactId"])
    look()
    for number, kind in ((2, "sales_accepted"), (3, "sales_rejected")):
        at.forward(HOUR)
        receive(service, activity(number, EMAIL, kind, at(), reason="timing"))
        look()
        stages = {sandbox.salesforce.record("Contact", contact)["Coldframe_Stage__c"]}
        assert stages | {said(sandbox, "salesforce", twin)["stage"]} == {lead(service, EMAIL).stage}
    with service.store.read() as conn:
        rows = conn.execute(text("SELECT state, key FROM outbox WHERE kind = 'fields'")).all()
        assert Counter(state for state, _ in rows) == {"sent": 2, "moved": 1}
        assert [key.endswith(record) for state, key in rows if state == "moved"] == [True]
    assert dead(service) == []


def test_a_record_that_comes_back_says_what_became_of_the_lead_meanwhile(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    look, record = looking(service, at), known(service, sandbox, "salesforce")
    look()
    sandbox.salesforce.delete("Lead", record)
    look()
    receive(service, activity(1, EMAIL, "newsletter_signup", at()))
    look()
    sandbox.salesforce.undelete("Lead", record)
    look()
    track = (lead(service, EMAIL).standing or {})["track"]
    assert said(sandbox, "salesforce", record)["track"] == track != None  # noqa: E711 - the three are compared
