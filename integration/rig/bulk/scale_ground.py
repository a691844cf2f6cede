"""The ground of a scale run: a service in this process on one store, whose CRM takes every write at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from connectors.base.limits import Usage
from connectors.base.port import Connector, FieldInfo, Limits, Receipt, Verdict, Write
from connectors.base.task_words import UNTOLD, TaskWords
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Connection, Lanes, NewLeads, Rules
from integration.rig.publish_drill.living_people import SYSTEM
from integration.store.db.session import Store
from integration.store.progress import write_permission
from integration.store.progress.write_permission import WritePermission
from integration.wiring import build, clock
from integration.wiring.unusable import UnusableError
from integration.wiring.whole_service import Service
from mappings.language import mapping_files
from mappings.values.identifiers import ExternalId, System
from mappings.values.instant import MINUTE, SECOND, Instant

_CRM = System("hubspot")


@dataclass(slots=True)
class Moment:
    """A clock that stands still until it is moved; calling it tells the time."""

    now: Instant

    def __call__(self) -> Instant:
        """This moment."""
        return self.now

    def forward(self, span: int = SECOND) -> None:
        """Let some time pass."""
        self.now += span


@dataclass(frozen=True, slots=True)
class TakingCrm:
    """A CRM that takes whatever is written, and has nothing to tell: its answers cost nothing."""

    limits: Limits = field(default_factory=lambda: Limits(fields=100, tasks=100, read=100, find=100))
    usage: Usage = field(default_factory=Usage)
    system: str = "hubspot"

    def users(self, ids: Sequence[str] = ()) -> Sequence[Any]:
        """Nobody."""
        del ids
        return ()

    def own_user(self) -> str:
        """As whom we sign in: nobody who is listed."""
        return ""

    def task_words(self) -> TaskWords:
        """No words of its own."""
        return UNTOLD

    def describe(self, object_name: str) -> Sequence[FieldInfo]:
        """No fields of its own."""
        del object_name
        return ()

    def apply(self, writes: Sequence[Write]) -> Sequence[Receipt]:
        """Done."""
        return [
            Receipt(key=each.key, verdict=Verdict.DONE, id=ExternalId(each.id or f"new-{each.key}")) for each in writes
        ]


def service_of(store: Store, playbook: str, now: Moment) -> Service:
    """A service that may write, on a store that is there. Raises UnusableError."""
    with store.write() as conn:
        write_permission.give(conn, WritePermission(at=0, live_from=0))
    file = mapping_files.in_use(_CRM, None)
    if file.mapping is None:
        raise UnusableError(file.problems)
    crm = Connection(name=SYSTEM, connector=cast("Connector", TakingCrm()), mapping=file.mapping)
    return Service(
        store=store,
        now=now,
        connections={SYSTEM: crm},
        rules=Rules(compiled=CompiledPlaybook.of(build.playbook(playbook)), of_file=False),
        wake=lambda _lane: None,
        lanes=Lanes(holder="scale", lease=MINUTE, linger=0, sleep=lambda _seconds: None, monotonic=clock.monotonic),
        new_leads=NewLeads(new_id=clock.new_id, grace=0),
    )
