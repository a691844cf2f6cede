"""`coldframe erase` and `coldframe export` as processes of their own, on a store that knows two people."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import commands
import pytest
from flows_canaries import found
from flows_crms import engagement, person
from flows_lives import ANA, BOB, canaries, live
from flows_run import Watch, activity, receive

from integration.flows.privacy import blanking, erase_person
from integration.store.audit import audit_trail
from integration.store.overall import erasure
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, parse
from sandbox.desk import sales_desk
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

Command: TypeAlias = Callable[..., tuple[int, str, str]]
Drain: TypeAlias = Callable[[Service], int]


@pytest.fixture
def command(store_url: str, sandbox: Sandbox) -> Command:
    """`command("export", …)`: run on the test's store and CRMs; (exit status, output, errors)."""

    def run_it(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        environment = {
            "DATABASE_URL": store_url,
            "COLDFRAME_SECRET_KEY": "k" * 32,
            "COLDFRAME_LOG_LEVEL": "error",
            "COLDFRAME_PUBLIC_URL": "http://127.0.0.1:1",
            "HUBSPOT_ACCESS_TOKEN": "h",
            "HUBSPOT_CLIENT_SECRET": "c" * 32,
            "HUBSPOT_API_URL": f"{sandbox.url}/hubspot",
            "SALESFORCE_ACCESS_TOKEN": "s",
            "SALESFORCE_INSTANCE_URL": "https://sandbox.my.salesforce.com",
            "SALESFORCE_API_URL": f"{sandbox.url}/salesforce",
        }
        return commands.run(arguments, environment, typed)

    return run_it


def test_erase_shows_asks_removes_and_says_what_the_audit_calls_it(
    service: Service, sandbox: Sandbox, at: Watch, command: Command, tmp_path: Path
) -> None:
    ids = live(service, sandbox, at)
    status, said, _ = command("erase", ANA.upper(), typed="n\n")
    assert status == 1
    assert all(
        where in said for where in ("activities", "leads", "inbox (items)", "dead_letters", "nothing was changed")
    )
    assert ("leads.email", ANA) in found(service.store, [ANA])
    status, said, _ = command("erase", ANA, "--dry-run", "--json")
    assert (status, json.loads(said)["outcome"]) == (0, "would erase")
    status, said, errors = command("erase", ANA, typed="y\n")
    assert (status, "erased. The audit knows this as name" in said, "Remove all this" in errors) == (0, True, True)
    assert found(service.store, canaries(*ids)) == set()
    with service.store.read() as conn:
        entries = [each for each in audit_trail.recent(conn, 50) if each.action == "erase"]
    assert [each.actor for each in entries] == ["command line"]
    assert entries[0].subject.removeprefix("name ") in said
    files = b"".join(each.read_bytes() for each in tmp_path.glob("coldframe.db*")).lower()
    assert ANA.encode() not in files, "also not in free pages, nor in the log"
    status, said, _ = command("erase", ANA, "--yes", "--json")
    assert (status, json.loads(said)["outcome"]) == (1, "unknown")
    status, said, _ = command("erase", ANA, "--forget")
    assert (status, "let in again" in said) == (0, True)
    assert command("erase", ANA, "--forget")[0] == 1


def test_erase_refuses_what_is_no_name(command: Command) -> None:
    status, _, errors = command("erase", "ana")
    assert status == 2
    assert "no e-mail address" in errors
    assert "salesforce:Lead:" in errors


def test_erase_with_crm_clears_our_fields_and_closes_our_tasks_first(
    service: Service, sandbox: Sandbox, at: Watch, command: Command, drain_all: Drain
) -> None:
    contact, record = person(sandbox, "hubspot", ANA), person(sandbox, "salesforce", ANA)
    at.forward(DAY)
    receive(service, activity(1, ANA, "email_click", at()), activity(2, ANA, "demo_request", at()))
    drain_all(service)
    assert [task.open for task in sales_desk.tasks(sandbox)] == [True]
    assert engagement(sandbox, "salesforce", record)
    sandbox.faults.add(
        Fault(kind="record_error", system="salesforce", path="*composite*", record=record, code="LOCKED", message="no")
    )
    status, _, errors = command("erase", ANA, "--crm", "--yes")
    assert (status, "LOCKED" in errors, "nothing was erased" in errors) == (1, True, True)
    assert ("leads.email", ANA) in found(service.store, [ANA])
    assert command("erase", ANA, "--crm", "--yes")[0] == 0
    assert [task.open for task in sales_desk.tasks(sandbox)] == [False]
    ours = {name: value for name, value in sandbox.salesforce.record("Lead", record).items() if "Coldframe" in name}
    assert set(ours.values()) <= {None, False, ""}
    assert engagement(sandbox, "hubspot", contact) is None
    assert sandbox.hubspot.values("contacts", contact)["email"] == ANA, "what the CRM knows stays the CRM's"


def test_a_record_that_is_gone_needs_no_clearing(
    service: Service, sandbox: Sandbox, at: Watch, drain_all: Drain
) -> None:
    contact = person(sandbox, "hubspot", ANA)
    at.forward(DAY)
    receive(service, activity(1, ANA, "email_click", at()))
    drain_all(service)
    sandbox.hubspot.delete("contacts", contact)
    with service.store.read() as conn:
        who = erasure.target(conn, [erase_person.asked_for(ANA, {})])
    (told,) = blanking.blank(service, who)
    assert told.done


def whatever_stands_in(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False).casefold()


def test_export_holds_every_trace_of_somebody_and_none_of_anybody_else(
    service: Service, sandbox: Sandbox, at: Watch, command: Command
) -> None:
    contact, record = live(service, sandbox, at)
    status, said, _ = command("export", ANA.upper())
    assert status == 0
    document = json.loads(said)
    text = whatever_stands_in(document)
    assert [each for each in canaries(contact, record) if each.casefold() not in text] == []
    assert "bob" not in text
    assert document["format"] == "coldframe-person/1"
    assert {"contact", "Lead"} <= {each["object"] for each in document["references"]}
    parts = ("leads", "changes", "activities", "effects", "writes", "letters", "deliveries", "sought", "audit")
    assert [part for part in parts if not document[part]] == []
    assert parse(document["activities"][0]["at"]) > 0
    (told,) = document["explanations"]
    assert sum(line["points"] for line in told["ledger"]) // 1 == told["standing"]["total"]


def test_export_is_the_same_twice_but_for_its_time_and_its_own_audit(
    service: Service, sandbox: Sandbox, at: Watch, command: Command, tmp_path: Path
) -> None:
    live(service, sandbox, at)
    documents = []
    for number in range(2):
        out = tmp_path / f"{number}.json"
        assert command("export", ANA, "--out", str(out))[:2] == (0, "")
        documents.append(json.loads(out.read_text(encoding="utf-8")))
    for each in documents:
        del each["exported_at"], each["audit"], each["explanations"]
    assert documents[0] == documents[1]
    status, _, errors = command("export", "nobody@acme.example")
    assert (status, "nothing is stored" in errors) == (1, True)
    assert command("export", BOB)[0] == 0


def test_half_an_emoji_that_somebody_sent_keeps_nobody_from_being_exported_and_erased(
    service: Service, at: Watch, command: Command
) -> None:
    odd = "half \ud83d of an emoji"
    receive(service, activity(1, ANA, "page_view", at(), page=odd), activity(2, BOB, "page_view", at(), page=odd))
    receive(service, activity(3, ANA, "page_view", at(), page=odd))
    status, said, errors = command("export", ANA)
    assert status == 0, errors
    assert [item["properties"]["page"] for each in json.loads(said)["deliveries"] for item in each["items"]] == [
        odd
    ] * 2
    status, _, errors = command("erase", ANA, "--yes", "--no-vacuum")
    assert status == 0, errors
    assert found(service.store, [ANA]) == set()
    assert ("inbox.body", BOB) in found(service.store, [BOB])
