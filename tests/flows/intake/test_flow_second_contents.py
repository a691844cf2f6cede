"""One id with two contents: which one counts does not depend on what arrived first, nor on how it was delivered."""

import json
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner
from flows_crms import person
from flows_run import Watch, activity, dead, drain_all, history, lead, receive
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from integration.commands.replaying.replay import replay
from integration.flows.intake.ingest import ingest
from integration.flows.reading import reconcile
from integration.store.events import activities
from integration.store.people import leads
from integration.store.people.leads import LeadRow
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, MINUTE, SECOND, show
from sandbox.server import Sandbox

Drain: TypeAlias = Callable[[Service], int]
ANA, BO = "ana@acme.example", "bo@acme.example"
WHY = "one id, two contents: a1 was also sent with another content, which counts; this one does not"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Both kinds of store."""
    return str(request.param)


def _row(service: Service, name: str) -> LeadRow | None:
    with service.store.read() as conn:
        address = ("activities", "lead", name)
        found = leads.by_reference(conn, [address])
        return leads.get(conn, [found[address]])[0] if found else None


def _engagement(service: Service, name: str) -> int:
    row = _row(service, name)
    return 0 if row is None or row.standing is None else int(str(row.standing["engagement"]))


def _view(id_: str, name: str, at: int, **properties: Any) -> dict[str, Any]:
    return {"id": id_, "type": "page_view", "at": show(at), "lead": name, "properties": properties}


def _clean(service: Service) -> None:
    with service.store.write() as conn:
        for table in ("activities", "leads", "crm_references", "dirty", "effects", "changes", "dead_letters", "inbox"):
            conn.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_earliest_counts_whatever_arrives_first_and_both_leads_are_decided_anew(
    service: Service, at: Watch, order: Sequence[int]
) -> None:
    early, late = at() - 2 * DAY, at() - DAY
    told = [
        _view("a1", "ana", early, page="pricing"),
        _view("a1", "ana", late, page="pricing"),
        _view("a1", "bo", late, page="pricing"),
    ]
    for number in order:
        receive(service, told[number])
        at.forward(MINUTE)
        drain_all(service)
    assert _engagement(service, "ana") == 15
    assert _engagement(service, "bo") == 0
    assert [letter.reason for letter in dead(service)] == [WHY, WHY]
    kept = {(each["lead"], each["at"]) for each in (json.loads(letter.payload) for letter in dead(service))}
    assert kept == {("ana", show(late)), ("bo", show(late))}, "what did not count can be looked at"
    with service.store.read() as conn:
        ((row),) = activities.stored(conn, ["activities:a1"]).values()
    assert row.at == early


def test_at_one_time_the_smaller_as_canonical_json_counts(service: Service, at: Watch) -> None:
    told = [_view("a1", "ana", at(), page="pricing", url="/b"), _view("a1", "ana", at(), page="pricing", url="/a")]
    for first, second in (told, told[::-1]):
        _clean(service)
        for each in (first, second):
            receive(service, each)
            drain_all(service)
        with service.store.read() as conn:
            assert activities.stored(conn, ["activities:a1"])["activities:a1"].properties["url"] == "/a"
        assert len(dead(service)) == 1


def test_the_same_content_again_is_no_letter_and_decides_nothing_again(service: Service, at: Watch) -> None:
    receive(service, activity(1, ANA, "page_view", at(), page="pricing"))
    at.forward(30 * SECOND)
    drain_all(service)
    again = activity(1, " ANA@acme.example", "page_view", at() - 30 * SECOND, page="pricing")
    receive(service, again, again)
    receive(service, {**again, "at": again["at"].replace("T09", "T10").replace("Z", "+01:00")})
    assert ingest(service) >= 1
    with service.store.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM dirty").scalar() == 0
    assert dead(service) == []
    assert len(history(service, ANA)) == 1


def test_a_letter_about_a_second_content_is_written_once(service: Service, at: Watch) -> None:
    receive(service, activity(1, ANA, "page_view", at() - HOUR))
    for _ in range(3):
        receive(service, activity(1, ANA, "page_view", at()))
        drain_all(service)
    assert len(dead(service)) == 1


def test_a_second_content_makes_nobody_known(service: Service, at: Watch) -> None:
    receive(service, activity(1, ANA, "page_view", at() - HOUR))
    drain_all(service)
    receive(service, activity(1, BO, "page_view", at()))
    drain_all(service)
    with service.store.read() as conn:
        assert leads.by_email(conn, [ANA, BO]).keys() == {ANA}


def test_what_an_earlier_version_stored_without_names_is_still_a_duplicate(service: Service, at: Watch) -> None:
    one = activity(1, ANA, "page_view", at(), page="pricing")
    receive(service, one)
    drain_all(service)
    with service.store.write() as conn:
        conn.exec_driver_sql("UPDATE activities SET named = NULL")
    receive(service, one)
    drain_all(service)
    assert dead(service) == []
    receive(service, activity(1, ANA, "page_view", at() - HOUR, page="pricing"))
    drain_all(service)
    assert history(service, ANA)[0].at == at() - HOUR
    assert len(dead(service)) == 1


def test_what_colleagues_were_told_of_a_content_that_does_not_count_is_taken_back(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    for email in (ANA, BO):
        person(sandbox, "hubspot", email)
    receive(service, activity(1, ANA, "document_view", at() - 2 * HOUR, document="offer"))
    receive(service, activity(2, BO, "document_view", at() - HOUR, document="offer"))
    at.forward(30 * SECOND)
    drain_all(service)
    drain_all(service)
    assert any(each.derived for each in history(service, ANA)), "a document that went round"
    receive(service, activity(2, BO, "document_view", at() - 20 * DAY, document="offer"))
    drain_all(service)
    drain_all(service)
    assert not any(each.derived for each in history(service, ANA))
    assert len(dead(service)) == 1


@pytest.mark.parametrize("moves", [(-HOUR, -2 * HOUR), (-2 * HOUR, -HOUR)])
def test_of_the_versions_of_a_crms_record_the_earliest_counts_and_none_is_a_letter(
    service: Service, sandbox: Sandbox, at: Watch, moves: tuple[int, int]
) -> None:
    contact = person(sandbox, "hubspot", ANA)
    start = at()
    call = ""
    for move in moves:
        values = {"hs_timestamp": show(start + move), "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7"}
        if call:
            sandbox.hubspot.set("calls", call, values)
        else:
            call = sandbox.hubspot.add("calls", values)
            sandbox.hubspot.link("calls", call, "contacts", contact)
        at.forward(MINUTE)
        reconcile.poll(service, "hubspot")
        drain_all(service)
    (row,) = history(service, ANA)
    assert row.at == start - 2 * HOUR
    assert dead(service) == []


def test_of_the_versions_of_a_deal_the_earliest_time_and_the_smaller_content_count(
    service: Service, sandbox: Sandbox, at: Watch
) -> None:
    contact = person(sandbox, "hubspot", ANA)
    deal = sandbox.hubspot.add("deals", {"dealname": "One", "amount": "5000"})
    sandbox.hubspot.link("deals", deal, "contacts", contact)
    for amount in ("5000", "1200", "9000"):
        sandbox.hubspot.set("deals", deal, {"amount": amount})
        at.forward(MINUTE)
        reconcile.poll(service, "hubspot")
        drain_all(service)
    (row,) = history(service, ANA)
    assert (row.type, row.properties["amount"]) == ("opportunity_created", 1200)
    assert dead(service) == []


_TOLD = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a1", "a2", "a3"]),
        "lead": st.sampled_from(["ana", "bo"]),
        "type": st.sampled_from(["page_view", "demo_request"]),
        "at": st.sampled_from(["2026-01-02T10:00:00Z", "2026-01-03T10:00:00Z", "2026-01-03T11:00:00+01:00"]),
        "properties": st.sampled_from([None, {}, {"page": "pricing"}, {"page": "blog"}]),
    }
)


@given(told=st.lists(_TOLD, min_size=1, max_size=8), data=st.data())
@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_service_and_replay_say_the_same_in_any_order_and_any_deliveries(
    service: Service, at: Watch, tmp_path: Path, told: list[Any], data: st.DataObject
) -> None:
    _clean(service)
    shuffled = data.draw(st.permutations(told))
    size = data.draw(st.integers(1, len(told)))
    for start in range(0, len(shuffled), size):
        receive(service, *shuffled[start : start + size])
        if data.draw(st.booleans()):
            drain_all(service)
    drain_all(service)
    at.forward(MINUTE)
    drain_all(service)
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps({"kind": "activity", **each}) + "\n" for each in told), encoding="utf-8")
    args = ["--playbook", "two-axis", "--events", str(file), "--until", show(at())]
    result = CliRunner().invoke(replay, args)
    assert result.exit_code == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    expected = {each["lead"]: each["engagement"] for each in lines if each["kind"] == "lead"}
    assert {name: _engagement(service, name) for name in ("ana", "bo")} == {"ana": 0, "bo": 0} | expected
    different = {
        json.dumps(
            {**each, "at": each["at"].replace("11:00:00+01:00", "10:00:00Z"), "properties": each["properties"] or {}},
            sort_keys=True,
        )
        for each in told
    }
    assert len(dead(service)) == len(different) - len({each["id"] for each in told})


def test_nobody_is_lost_when_ids_collide_across_leads_in_one_delivery(service: Service, at: Watch) -> None:
    receive(
        service,
        activity(1, ANA, "demo_request", at()),
        activity(2, BO, "demo_request", at()),
        activity(1, BO, "email_open", at() + 1_000_000),
    )
    at.forward(30 * SECOND)
    drain_all(service)
    assert lead(service, ANA).stage == lead(service, BO).stage == "mql"
    assert len(dead(service)) == 1
