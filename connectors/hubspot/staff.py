"""HubSpot's owners, and the words of its tasks, as the other rooms see them. Pure.

HubSpot gives neither an owner's manager nor their time zone. What its task properties take are names of its own, the
same in every language; a portal may hide some.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base.port import FieldInfo
from connectors.base.task_words import TaskWords
from connectors.base.users import CrmUser

STATUS, PRIORITY = "hs_task_status", "hs_task_priority"
OPEN, CLOSED = "NOT_STARTED", "COMPLETED"
PRIORITIES: Mapping[str, str] = {"low": "LOW", "normal": "MEDIUM", "high": "HIGH"}


def owner(found: Mapping[str, Any], *, archived: bool) -> CrmUser:
    """One owner of a page; `archived` as it was asked for."""
    name = " ".join(str(found[part]) for part in ("firstName", "lastName") if found.get(part))
    return CrmUser(
        id=str(found["id"]),
        kind="queue" if str(found.get("type") or "").upper() == "QUEUE" else "person",
        name=name,
        email=str(found.get("email") or "").strip().lower(),
        active=not archived,
    )


def task_words(properties: Sequence[FieldInfo]) -> TaskWords:
    """The words that the portal's task properties take."""
    offered = {each.name: each.options for each in properties}
    fallbacks: list[str] = []
    opened, closed = (word if word in offered.get(STATUS, ()) else "" for word in (OPEN, CLOSED))
    if not opened:
        fallbacks.append(f"{STATUS} does not offer {OPEN}: new tasks have HubSpot's default")
    if not closed:
        fallbacks.append(f"{STATUS} does not offer {CLOSED}: tasks that nobody is to work on any more stay open")
    urgent = {name: word for name, word in PRIORITIES.items() if word in offered.get(PRIORITY, ())}
    missing = [word for name, word in PRIORITIES.items() if name not in urgent]
    if missing:
        fallbacks.append(f"{PRIORITY} does not offer {' and '.join(missing)}: such tasks have no priority")
    return TaskWords(
        opened={STATUS: opened} if opened else {},
        closed={STATUS: closed} if closed else {},
        priorities={name: {PRIORITY: word} for name, word in urgent.items()},
        fallbacks=tuple(fallbacks),
    )
