"""Salesforce's users and queues, and the words of its tasks, as the other rooms see them.

Which status closes a task and which priority is high stands in TaskStatus and TaskPriority; what the picklists take
stands in the describe of Task. [salesforce: tasks]
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from connectors.base.limits import chunks
from connectors.base.port import Unavailable
from connectors.base.task_words import Priority, TaskWords, Word, priorities, status
from connectors.base.users import CrmUser
from connectors.salesforce import SYSTEM
from connectors.salesforce.queries import listed
from mappings.values.record_ids import full, genuine

Rows: TypeAlias = Sequence[Mapping[str, Any]]
Ask: TypeAlias = Callable[[str, Sequence[str], str], Rows]
"""(object, fields, end of the query from WHERE on) -> rows, without what is hidden. Raises Unavailable."""

USER_FIELDS = ("Name", "Email", "IsActive", "ManagerId", "TimeZoneSidKey", "UserType")
GROUP_FIELDS = ("Name", "Type", "Email")
STATUS_FIELDS = ("MasterLabel", "ApiName", "IsDefault", "IsClosed", "SortOrder")
PRIORITY_FIELDS = ("MasterLabel", "ApiName", "IsDefault", "IsHighPriority", "SortOrder")
STANDARD = " WHERE UserType = 'Standard'"
"""Users of communities and of the platform itself are looked up where one of them owns something."""
QUEUES = " WHERE Type = 'Queue'"
ORDER = " ORDER BY SortOrder"
_IDENTITY = re.compile(r"/id/00D[A-Za-z0-9]{12,15}/(005[A-Za-z0-9]{12,15})$")
_USER, _GROUP = "005", "00G"
FIND = 200
"""Ids in one query: some 5,000 of the 16,384 bytes that an address may have."""


def own_id(resources: Mapping[str, Any]) -> str:
    """The id of the user as whom we sign in, from what a version of the API offers; "" where that does not say."""
    found = _IDENTITY.search(str(resources.get("identity") or ""))
    return full(SYSTEM, found.group(1)) if found else ""


class Staff:
    """Users, queues and task words of one org; `ask` is its way to rows."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def users(self, ids: Sequence[str]) -> list[CrmUser]:
        """Everybody who can own records and every queue; of `ids` alone where some are given. Raises Unavailable."""
        if not ids:
            people = map(_user, self._ask("User", USER_FIELDS, STANDARD))
            return [*people, *map(_group, self._ask("Group", GROUP_FIELDS, QUEUES))]
        wanted = [full(SYSTEM, one) for one in dict.fromkeys(ids) if genuine(SYSTEM, one)]
        found: list[CrmUser] = []
        for some in chunks(wanted, FIND):
            asked = [one for one in some if one.startswith(_USER)]
            groups = [one for one in some if one.startswith(_GROUP)]
            found += map(_user, self._ask("User", USER_FIELDS, _among(asked))) if asked else ()
            found += map(_group, self._ask("Group", GROUP_FIELDS, _among(groups))) if groups else ()
        return found

    def task_words(self, task: Mapping[str, Any]) -> TaskWords:
        """The org's words for tasks, `task` being the describe of Task. Raises Unavailable."""
        fields = {str(field.get("name")): field for field in task.get("fields") or ()}
        options = {name: fields.get(name, {}).get("picklistValues") or () for name in ("Status", "Priority")}
        statuses = self._if_seen("TaskStatus", STATUS_FIELDS)
        return task_words(statuses, self._if_seen("TaskPriority", PRIORITY_FIELDS), options)

    def _if_seen(self, object_name: str, fields: Sequence[str]) -> Rows:
        """The rows of an object, none where this user may not see it. Raises Unavailable where the CRM is away."""
        try:
            return self._ask(object_name, fields, ORDER)
        except Unavailable as away:
            if not away.forbidden:
                raise
            return ()


def task_words(statuses: Rows, urgencies: Rows, options: Mapping[str, Rows]) -> TaskWords:
    """The org's words, from TaskStatus, TaskPriority, and the picklist values of Task's `Status` and `Priority`."""
    fallbacks: list[str] = []
    opened, closed = status(_words(statuses, "IsClosed", options.get("Status", ())))
    if not opened:
        fallbacks.append("no status of Task is an open one: new tasks have the org's default")
    if not closed:
        fallbacks.append("no status of Task closes one: tasks that nobody is to work on any more stay open")
    found = priorities(_words(urgencies, "IsHighPriority", options.get("Priority", ())))
    missing = [name for name in ("high", "normal") if not found[name]]
    if missing:
        fallbacks.append(f"no priority of Task is {' or '.join(missing)}: such tasks have the org's default")
    return TaskWords(
        opened={"Status": opened} if opened else {},
        closed={"Status": closed} if closed else {},
        priorities=_priorities(found),
        fallbacks=tuple(fallbacks),
    )


def _priorities(found: Mapping[Priority, str]) -> dict[str, Mapping[str, Any]]:
    return {name: {"Priority": word} for name, word in found.items() if word}


def _words(rows: Rows, mark: str, options: Rows) -> list[Word]:
    """The picklist's values in order, with what the object beside it says of each; by name where both have one."""
    taken = {str(option.get("value")): option for option in options if option.get("active", True)}
    by_label = {str(option.get("label")): value for value, option in taken.items()}
    found: list[Word] = []
    for row in rows:
        names = [str(row.get(name) or "") for name in ("ApiName", "MasterLabel")]
        value = next((name for name in names if name in taken), "") or by_label.get(names[1], "")
        if value or (any(names) and not taken):
            word = value or names[0] or names[1]
            found.append(Word(value=word, marked=row.get(mark) is True, default=row.get("IsDefault") is True))
    return found or list(_plain(taken.values()))


def _plain(options: Iterable[Mapping[str, Any]]) -> Iterable[Word]:
    """Where nothing says which words close a task, its default is an open one, and nothing else is known."""
    return (Word(value=str(each["value"]), default=True) for each in options if each.get("defaultValue") is True)


def _among(ids: Iterable[str]) -> str:
    return f" WHERE Id IN {listed(ids)}"


def _user(row: Mapping[str, Any]) -> CrmUser:
    manager = str(row.get("ManagerId") or "")
    return CrmUser(
        id=full(SYSTEM, str(row["Id"])),
        name=str(row.get("Name") or ""),
        email=str(row.get("Email") or "").strip().lower(),
        active=row.get("IsActive") is not False,
        manager=full(SYSTEM, manager) if manager else "",
        timezone=str(row.get("TimeZoneSidKey") or ""),
    )


def _group(row: Mapping[str, Any]) -> CrmUser:
    kind = str(row.get("Type") or "")
    return CrmUser(
        id=full(SYSTEM, str(row["Id"])),
        kind="queue" if kind == "Queue" else "group",
        name=str(row.get("Name") or ""),
        email=str(row.get("Email") or "").strip().lower(),
    )
