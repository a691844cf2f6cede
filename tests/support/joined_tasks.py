"""Tasks that join others: a playbook with further reasons, and what the CRMs' tasks say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from crm_texts import words_of
from flows_run import activity, drain_all, lead, receive, with_parts

from integration.commands.replaying.replay import replay
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.flows.history import load_events
from integration.playbook.compiling.compiler import compile_text
from integration.playbook.reading import library
from integration.store.outgoing import outbox
from integration.wiring.whole_service import Service
from mappings.values.instant import show
from sandbox.server import Sandbox

ANA = "ana@acme.example"
HANDOFF, ROI, RIVAL = "play/handoff/1/task/1", "play/roi/1/task/1", "play/rival/1/task/1"
PLAYS = """
plays:
  roi: [{call: "ROI: {first_name}", note: "Offer the numbers of a peer", due: 1h any time, priority: high}]
  rival: [{email: "A rival is compared: {first_name}", note: "Send the comparison", due: 20d any time}]
"""
TRIGGERS = """
triggers:
  saw_roi: {when: page_view page=roi, play: roi}
  saw_rival: {when: page_view page=comparison, play: rival}
"""
NAMES = {
    "salesforce": ("Subject", "Description", "ActivityDate", "Priority", "Status"),
    "hubspot": ("hs_task_subject", "hs_task_body", "hs_timestamp", "hs_task_priority", "hs_task_status"),
}


def playbook_text() -> str:
    """two-axis, with two plays more: a look at a page about ROI, and at a comparison with a rival."""
    return library.text("two-axis").replace("\nplays:\n", PLAYS).replace("\ntriggers:\n", TRIGGERS)


def with_further_reasons(service: Service) -> Service:
    """The service with that playbook."""
    found, problems = compile_text(playbook_text(), "ours.yaml")
    assert found is not None, [str(each) for each in problems]
    known = {name: replace(each, account="7654321") for name, each in service.connections.items()}
    return with_parts(service, compiled=CompiledPlaybook.of(found), connections=known)


class Tasks:
    """The tasks that stand in one CRM, by the cause of each; fields by the names of NAMES, in their order."""

    def __init__(self, sandbox: Sandbox, system: str) -> None:
        self.sandbox, self.system = sandbox, system

    def all(self) -> dict[str, tuple[str, dict[str, Any]]]:
        if self.system == "salesforce":
            rows = [(str(row["Id"]), row) for row in self.sandbox.salesforce.records("Task")]
            return {str(row["Coldframe_Key__c"]).partition("/")[2]: (number, row) for number, row in rows}
        found = [(task.id, task.values) for task in self.sandbox.hubspot.records("tasks")]
        return {str(values["coldframe_key"]).partition("/")[2]: (number, dict(values)) for number, values in found}

    def read(self, cause: str) -> list[str]:
        """Subject, body, due date, priority and status."""
        _, values = self.all()[cause]
        subject, body, *others = [str(values.get(name)) for name in NAMES[self.system]]
        return [subject, words_of(body), *others]

    def put(self, cause: str, place: int, value: str) -> None:
        number, _ = self.all()[cause]
        fields = {NAMES[self.system][place]: value}
        if self.system == "salesforce":
            self.sandbox.salesforce.set("Task", number, fields)
        else:
            self.sandbox.hubspot.set("tasks", number, fields)

    def close(self, cause: str) -> None:
        self.put(cause, 4, "Completed" if self.system == "salesforce" else "COMPLETED")


def saw(service: Service, number: int, page: str) -> None:
    receive(service, activity(number, ANA, "page_view", service.now(), page=page))
    drain_all(service)


def state(service: Service, cause: str) -> str | None:
    key = f"{lead(service, ANA).id}/{cause}"
    with service.store.read() as conn:
        return outbox.states(conn, [key]).get(key)


def replayed(service: Service, email: str, into: Path) -> list[dict[str, Any]]:
    """What `coldframe replay` decides of the history that is stored of a lead, line by line."""
    row = lead(service, email)
    with service.store.read() as conn:
        events = load_events.whole(conn, [row], service.ownership, service.rules.vocabulary)[row.id]
    (into / "ours.yaml").write_text(playbook_text())
    file = into / "events.jsonl"
    file.write_text("".join(f"{json.dumps(_line(each, row.id))}\n" for each in events))
    told = ["--playbook", str(into / "ours.yaml"), "--events", str(file), "--until", show(service.now())]
    result = CliRunner().invoke(replay, told)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def _line(event: Event, whose: str) -> dict[str, Any]:
    told = {"id": event.id, "at": show(event.at)}
    match event:
        case LeadChanged():
            return {"kind": "lead", "lead": whose, **told, "fields": dict(event.fields)}
        case AccountChanged():
            return {"kind": "account", "account": event.account, **told, "fields": dict(event.fields)}
        case _:
            return {"kind": "activity", "lead": whose, **told, "type": event.type, "properties": dict(event.properties)}
