"""What would be written, added up: fields, tasks for each person in sales, people to create."""

from collections import Counter
from dataclasses import dataclass, field

from integration.flows.looking.compare_with_crm import Change, Item, Task
from integration.store.outgoing import people_without_records

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

    def add(self, items: tuple[Item, ...]) -> None:
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
