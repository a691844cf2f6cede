"""The words of an org's tasks: which statuses and priorities it has, which of them close a task, which are high."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

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


def set_up(org: Org) -> None:
    """The words that an org starts with."""
    speak(org, STATUSES, PRIORITIES, restricted=False)


def speak(org: Org, statuses: Sequence[Word], priorities: Sequence[Word], *, restricted: bool = True) -> None:
    """Give the org these words, and no others where its picklists are `restricted`."""
    _list(org, "Status", "TaskStatus", "IsClosed", statuses, restricted=restricted)
    _list(org, "Priority", "TaskPriority", "IsHighPriority", priorities, restricted=restricted)


def closed(org: Org, status: str | None) -> bool:
    """Whether a status closes a task."""
    return any(row["IsClosed"] for row in org.records["TaskStatus"].values() if row["ApiName"] == status)


def high(org: Org, priority: str | None) -> bool:
    """Whether a priority is a high one."""
    return any(row["IsHighPriority"] for row in org.records["TaskPriority"].values() if row["ApiName"] == priority)


def closing(org: Org) -> str:
    """The word by which people close a task."""
    return str(next(row["ApiName"] for row in org.records["TaskStatus"].values() if row["IsClosed"]))


def _list(  # noqa: PLR0913  # a picklist, and the object that tells of it
    org: Org, field: str, holder: str, flag: str, listed: Sequence[Word], *, restricted: bool
) -> None:
    org.records[holder].clear()
    for place, (word, flagged, default) in enumerate(listed, 1):
        row = {"MasterLabel": word, "ApiName": word, "SortOrder": place, "IsDefault": default, flag: flagged}
        org.insert(holder, row, by="")
    usual = next((word for word, _, default in listed if default), None)
    known = org.fields["Task"][field]
    org.fields["Task"][field] = replace(
        known, values=tuple(word for word, _, _ in listed), restricted=restricted, default=usual
    )
