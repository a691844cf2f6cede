"""The ground that the connector rules stand on: a sandbox, a connector, and writes to send."""

from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from connectors.base.limits import Usage
from connectors.base.port import Connector, FieldWrite, TaskWrite
from connectors.base.task_rewrite import TaskRewrite
from connectors.base.task_words import TaskWords
from mappings.model.task_text import of_plain, plain
from mappings.values.identifiers import ExternalId
from mappings.values.instant import parse
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

DUE = parse("2026-03-02T15:00:00Z")
HASTE = (1.0, 0.5)
"""Connect and read timeouts that a test can wait for."""
TOKEN = "canary-5f1b"


class Plug(Connector, Protocol):
    usage: Usage

    def close(self) -> None: ...


class Ground:
    """What every rule stands on; subclasses say where things are in their CRM."""

    system: str
    person: str
    score: str
    text: str
    task_call: str
    update_call: str
    read_call: str
    look_call: str
    words: TaskWords

    def connect(self, box: Sandbox, *, haste: bool = False) -> Plug:
        raise NotImplementedError

    def add(self, box: Sandbox, email: str, **values: Any) -> str:
        raise NotImplementedError

    def held(self, box: Sandbox, record: str, field: str) -> Any:
        raise NotImplementedError

    def delete(self, box: Sandbox, record: str) -> None:
        raise NotImplementedError

    def value(self, score: int) -> Any:
        raise NotImplementedError

    def hide(self, box: Sandbox, field: str) -> None:
        raise NotImplementedError

    def leave(self, box: Sandbox) -> str:
        """Somebody in sales leaves the company; their id."""
        if self.system == "hubspot":
            gone = str(box.hubspot.portal.owners[0]["id"])
            box.hubspot.archive_owner(gone)
            return gone
        gone = str(box.salesforce.people[1]["Id"])
        box.salesforce.deactivate(gone)
        return gone

    @pytest.fixture
    def crm(self, box: Sandbox) -> Iterator[Plug]:
        crm = self.connect(box)
        yield crm
        crm.close()

    @pytest.fixture
    def hasty(self, box: Sandbox) -> Iterator[Plug]:
        """One that gives up soon: for a CRM that hangs, not for a machine that is busy."""
        crm = self.connect(box, haste=True)
        yield crm
        crm.close()

    def log(self, box: Sandbox) -> Any:
        return box.hubspot.log if self.system == "hubspot" else box.salesforce.log

    def fault(self, box: Sandbox, kind: Any, path: str, **more: Any) -> None:
        box.faults.add(Fault(kind=kind, system=self.system, path=path, **more))

    def field(self, record: str, score: int = 55, key: str = "") -> FieldWrite:
        values = {self.score: self.value(score), self.text: f"scored {score}"}
        return FieldWrite(key=key or f"f:{record}:{score}", object=self.person, id=record, fields=values)

    def task(self, record: str, key: str = "t:1", **more: Any) -> TaskWrite:
        given: dict[str, Any] = {
            "subject": "Call Ana",
            "body": of_plain("Fit 40\n<b>pricing</b> & ROI"),
            "channel": "call",
        }
        given["words"] = self.words
        return TaskWrite(key=key, object=self.person, id=record, due_at=DUE, **(given | more))

    def rewrite(self, task: str, **more: Any) -> TaskRewrite:
        """A further reason for what `task` made."""
        given: dict[str, Any] = {"before": plain(self.task("").body), "body": of_plain("Offer a <peer>")}
        given |= {"above": of_plain("Asked again\nA peer")}
        given |= {"subject": "Asked again", "due_at": DUE, "words": self.words}
        return TaskRewrite(
            key=f"r:{task}",
            object="task" if self.person == "contact" else "Task",
            id=ExternalId(task),
            **(given | more),
        )
