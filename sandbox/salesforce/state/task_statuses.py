"""The words of an org's tasks: which statuses and priorities it has, which of them close a task, which are high."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from sandbox.salesforce.state.field_values import Field

Values: TypeAlias = Mapping[str, Any]
Word: TypeAlias = tuple[str, bool, bool]
"""A word; whether it closes a task (or is a high priority); whether it is the default."""

STATUSES: Sequence[Word] = (
    ("Not Started", False, True),
    ("In Progress", False, False),
    ("Completed", True, False),
    ("Waiting on someone else", False, False),
    ("Deferred", False, False),
)
PRIORITIES: Sequence[Word] = (("High", True, False), ("Normal", False, True), ("Low", False, False))
GERMAN_STATUSES: Sequence[Word] = (
    ("Nicht begonnen", False, True),
    ("In Bearbeitung", False, False),
    ("Abgeschlossen", True, False),
    ("Zurückgestellt", False, False),
)
GERMAN_PRIORITIES: Sequence[Word] = (("Hoch", True, False), ("Normal", False, True), ("Niedrig", False, False))


def closed(rows: Iterable[Values], status: str | None) -> bool:
    """Whether a status closes a task, by the rows of TaskStatus."""
    return any(row["IsClosed"] for row in rows if row["ApiName"] == status)


def high(rows: Iterable[Values], priority: str | None) -> bool:
    """Whether a priority is a high one, by the rows of TaskPriority."""
    return any(row["IsHighPriority"] for row in rows if row["ApiName"] == priority)


def closing(rows: Iterable[Values]) -> str:
    """The word by which people close a task, by the rows of TaskStatus."""
    return str(next(row["ApiName"] for row in rows if row["IsClosed"]))


def rows_of(words: Sequence[Word], flag: str) -> list[Values]:
    """The rows that describe these words; `flag` is the column that says which of them are closed, or high."""
    return [
        {"MasterLabel": word, "ApiName": word, "SortOrder": place, "IsDefault": default, flag: flagged}
        for place, (word, flagged, default) in enumerate(words, 1)
    ]


def picklist(known: Field, words: Sequence[Word], *, restricted: bool) -> Field:
    """The task's field with these words, and no others where it is `restricted`."""
    usual = next((word for word, _, default in words if default), None)
    return replace(known, values=tuple(word for word, _, _ in words), restricted=restricted, default=usual)
