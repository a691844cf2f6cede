"""Several workers at once give out tasks from pools, and are killed; what everybody got is counted afterwards.

Run as a program it is one worker: it sends what waits for its connection until nothing is left that can go. The CRM
is a folder: a task is a file by its key, made once, whatever is repeated.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import func, select

from connectors.base.port import Connector, FieldInfo, Limits, Receipt, TaskWrite, Verdict, Write
from connectors.base.task_words import UNTOLD, TaskWords
from connectors.base.users import CrmUser
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Connection, Lanes, NewLeads, Rules
from integration.flows.delivering.deliver import deliver
from integration.routing.read_routing import parse
from integration.store.db.session import Store
from integration.store.events import decided_effects
from integration.store.events.decided_effects import EffectRow
from integration.store.outgoing import outbox
from integration.store.people import leads, record_references
from integration.store.people.leads import NewLead
from integration.store.people.record_references import Reference
from integration.store.schema.tables import outbox as outgoing
from integration.wiring import build, clock
from integration.wiring.whole_service import Service
from mappings.language import mapping_files
from mappings.values.identifiers import ExternalId
from mappings.values.instant import DAY, SECOND, Instant

CONNECTIONS = ("north", "south", "east", "west")
MAIN = MappingProxyType({"ana": 5, "bo": 3, "cy": 2, "dee": 1})
"""Weights of those who are always there."""
FULL = MappingProxyType({"eve": 7, "fay": 4})
"""How many open tasks each of those takes who are in two pools."""
NEVER = ("away", "left", "queue", "us", "unknown")
"""Who must not get anything: absent, deactivated, a queue, the integration user, somebody without a user."""


def address(name: str) -> str:
    """Somebody's e-mail."""
    return f"{name}@acme.example"


def routing_text() -> str:
    """Everybody's pool with all who must get nothing in it, and two pools that share two people."""
    weights = {**MAIN, **dict.fromkeys(NEVER, 9)}
    full = {**dict.fromkeys(FULL, 1), "left": 3}
    people = {address("away"): {"away": [f"{year}-01-01..{year + 1}-12-31" for year in range(2024, 2040, 2)]}}
    people |= {address(name): {"most_open": most} for name, most in FULL.items()}
    pools = {
        "main": {"members": {address(name): weight for name, weight in weights.items()}},
        "small": {"members": {address(name): weight for name, weight in full.items()}},
        "other": {"members": {address(name): weight for name, weight in full.items()}},
    }
    routes = [
        {"if": "country = DE", "pool": "small"},
        {"if": "country = FR", "pool": "other"},
        {"otherwise": "main"},
    ]
    return json.dumps({"people": people, "pools": pools, "routes": routes})


@dataclass(frozen=True, slots=True)
class FolderCrm:
    """A CRM that takes tasks and nothing else."""

    name: str
    folder: Path
    limits: Limits = field(default_factory=lambda: Limits(fields=10, tasks=10, read=10, find=10))
    system: str = "salesforce"

    def users(self, ids: Sequence[str] = ()) -> Sequence[CrmUser]:
        """Everybody but one."""
        names = [*MAIN, *FULL, *(each for each in NEVER if each != "unknown")]
        found = [
            CrmUser(
                id=f"{self.name}-{name}",
                name=name,
                email=address(name),
                active=name != "left",
                kind="queue" if name == "queue" else "person",
            )
            for name in names
        ]
        return [user for user in found if not ids or user.id in ids]

    def own_user(self) -> str:
        """As whom we sign in."""
        return f"{self.name}-us"

    @property
    def reports_deleted(self) -> bool:
        return True

    def task_words(self) -> TaskWords:
        """No words of its own."""
        return UNTOLD

    def describe(self, object_name: str) -> Sequence[FieldInfo]:
        """No fields of its own."""
        del object_name
        return []

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        """Make each task that is not there; slowly enough to be killed in between."""
        receipts = []
        for write in writes:
            assert isinstance(write, TaskWrite)
            file = self.folder / sha256(write.key.encode()).hexdigest()
            if not file.exists():
                file.write_text(json.dumps([write.key, write.owner]))
            time.sleep(0.0005)
            receipts.append(Receipt(key=write.key, verdict=Verdict.DONE, id=ExternalId(file.name[:18])))
        return receipts


def service(store: Store, folder: Path, holder: str) -> Service:
    """A worker's service: four connections, leases that are over soon after a kill."""
    mapping = mapping_files.in_use("salesforce", None).mapping
    assert mapping is not None
    playbook = build.playbook("two-axis")
    routing, problems = parse(routing_text(), "routing.yaml", playbook)
    assert routing is not None, problems
    return Service(
        store=store,
        rules=Rules(compiled=CompiledPlaybook.of(playbook)),
        connections={
            name: Connection(name=name, connector=cast("Connector", FolderCrm(name, folder)), mapping=mapping)
            for name in CONNECTIONS
        },
        now=clock.now,
        wake=lambda _lane: None,
        lanes=Lanes(holder=holder, lease=SECOND // 2, linger=0, sleep=time.sleep, monotonic=clock.monotonic),
        new_leads=NewLeads(new_id=clock.new_id, grace=0),
        routing=routing,
    )


def prepare(store: Store, main: int, full: int) -> None:
    """So many tasks for the large pool, and so many for each of the two that share people; spread over the CRMs."""
    now = clock.now()
    kinds = ["US"] * main + ["DE"] * full + ["FR"] * full
    rows = [(f"lead{number:05}", CONNECTIONS[number % len(CONNECTIONS)], kind) for number, kind in enumerate(kinds)]
    with store.write() as conn:
        leads.add(
            conn,
            [NewLead(id=lead, email=None, fields={"country": kind}, created_at=now) for lead, _, kind in rows],
        )
        record_references.link(
            conn,
            [
                Reference(connection=name, object="Lead", external_id=ExternalId(f"00Q{lead}"), lead_id=lead)
                for lead, name, _ in rows
            ],
        )
        effects = [
            EffectRow(key=_key(lead), lead_id=lead, kind="task", at=now, payload={}, because=(), decided_at=now)
            for lead, _, _ in rows
        ]
        decided_effects.add(conn, effects)
        for name in CONNECTIONS:
            tasks = [
                outbox.NewOnce(key=_key(lead), lead_id=lead, payload=_task(now))
                for lead, home, _ in rows
                if home == name
            ]
            outbox.want_once(conn, name, "task", tasks, now)


def _key(lead: str) -> str:
    return f"{lead}/play/handoff/1/1"


def _task(now: Instant) -> Mapping[str, Any]:
    told = {"kind": "task", "assignee": "pool", "channel": "call", "priority": "normal"}
    return {**told, "subject": "Call", "body": "Call", "due_at": now + 7 * DAY}


def left(store: Store, connection: str) -> bool:
    """Whether a task is still to be sent there that has somebody to go to, or was not looked at yet."""
    with store.read() as conn:
        waiting = select(func.count()).where(
            outgoing.c.state == "new", outgoing.c.waits.is_(None), outgoing.c.connection == connection
        )
        return bool(conn.execute(waiting).scalar())


def main(url: str, folder: str, connection: str, holder: str) -> None:
    """One worker of one connection, to the end."""
    store = Store.open(url)
    working = service(store, Path(folder), holder)
    while left(store, connection):
        if not deliver(working, connection):
            time.sleep(0.02)
    store.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
