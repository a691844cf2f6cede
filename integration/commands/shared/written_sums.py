"""What would be written, added up: fields, tasks for each person in sales, people to create."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress

from integration.flows.looking import compare_with_crm as flow
from integration.flows.looking.compare_with_crm import Change, Task
from integration.store.outgoing import people_without_records
from integration.wiring.whole_service import Service

NOBODY = "nobody yet"
"""Whose a task is that has nobody to go to."""


@dataclass(slots=True)
class Sums:
    """What the report adds up to; `lapsing` are the keys of tasks that lapse when the service goes live."""

    lapsing: frozenset[str] = frozenset()
    records: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    bands: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    owners: Counter[str] = field(default_factory=Counter)
    """Tasks by the person who would get them."""
    lapsed: int = 0
    withheld: dict[str, int] = field(default_factory=dict)
    people: people_without_records.Totals = field(default_factory=people_without_records.Totals)

    def add(self, items: tuple[flow.Item, ...]) -> None:
        """Count a record's changes, or one task, touch or person."""
        for each in items:
            if not isinstance(each, Task):
                self.fields[f"{each.connection} {each.object}.{each.field}"] += 1
            elif each.key in self.lapsing:
                self.lapsed += 1
            else:
                self.kinds[f"{each.connection} {each.kind}"] += 1
                if each.kind == "task":
                    self.owners[f"{each.connection} {each.owner or NOBODY}"] += 1
        first = next((each for each in items if isinstance(each, Change)), None)
        if first is not None:
            self.records += 1
            self.stages[str(first.standing.get("stage"))] += 1
            self.bands[str(first.standing.get("band"))] += 1


def read(service: Service) -> Iterator[tuple[flow.Item, ...]]:
    """What is to be written, with what is in the CRMs now, under a progress bar. Raises Unavailable."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(flow.pending(service), total=flow.total(service), description="reading the CRMs")
