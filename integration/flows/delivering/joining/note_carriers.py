"""Note carriers: which task carries a further reason out becomes a fact of its lead's history where it is another one.

The engine says what joins what and knows no CRM. Where the task that it named was closed meanwhile, or is another
person's, the service finds another, or makes one: without the fact (`task_carried`) the closing of the first task would
close what it never carried. It is noted in the transaction that stores which task carries it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from integration.core.model import effect_keys
from integration.flows.delivering.joining.carriers import Sorted
from integration.store.assigning.carried_tasks import STOOD
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.outgoing.outgoing_rows import Outgoing
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

_SOURCE = "coldframe"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A task that was to join another, and the key of the one that carries it out: its own where it stands alone."""

    row: Outgoing
    by: str

    @property
    def unforeseen(self) -> bool:
        """Whether that is another task than the one that was decided; no escalation is waited for by the engine.

        What is to join another since two leads became one was decided as a task of its own.
        """
        decided = self.row.key if STOOD in self.row.payload else str(self.row.payload.get("joins", ""))
        other = effect_keys.origin(decided) != effect_keys.origin(self.by)
        return other and self.row.payload.get("kind") != "escalation"


def without_call(found: Sorted) -> list[Carrier]:
    """What carries out those for which nobody has to be asked."""
    waiting = [
        Carrier(row, found.tasks[number].key) for number, joining in found.written_with.items() for row in joining
    ]
    return [*[Carrier(row, row.key) for row in found.apart], *waiting]


def concerned(carriers: Iterable[Carrier]) -> set[LeadId]:
    """The leads of whom something is noted: to be marked before anything else of the transaction."""
    return {each.row.lead_id for each in carriers if each.unforeseen}


def note(conn: Sql, carriers: Sequence[Carrier], now: Instant) -> None:
    """Store what nobody foresaw, each once; their leads have been marked."""
    new = [_fact(each, now) for each in carriers if each.unforeseen]
    if new:
        activities.add(conn, new)


def _fact(each: Carrier, now: Instant) -> NewActivity:
    task, by = effect_keys.origin(each.row.key), effect_keys.origin(each.by)
    return NewActivity(
        key=f"carried:{each.row.key}:{by}",
        lead_id=each.row.lead_id,
        at=now,
        type="task_carried",
        properties={"task": task, "by": by},
        source=_SOURCE,
    )
