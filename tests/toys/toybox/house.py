"""The toy CRM itself, in memory: members, clubs and chores, and who is signed in."""

import itertools
from dataclasses import dataclass, field
from typing import Any

_OURS = ("fit", "engagement", "score", "band", "stage", "reasons")
FIELDS = {
    "member": ["mail", "given", "family", "post", "club", "owner", *(f"coldframe_{each}" for each in _OURS)],
    "club": ["title", "site"],
    "chore": ["member", "title", "text", "due", "state", "owner", "coldframe_key"],
}


@dataclass(slots=True)
class House:
    """One account of the toy CRM. `secret` is the app's; every other token than `token` is refused."""

    account: str = "box-1"
    secret: str = "toy-app-secret-0001"
    token: str = "toy-access-0"
    refresh: str = "toy-refresh-0"
    renewed: int = 0
    records: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"member": {}, "club": {}, "chore": {}}
    )
    changed: dict[tuple[str, str], int] = field(default_factory=dict)
    ticks: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def put(self, kind: str, values: dict[str, Any], id_: str = "") -> str:
        """Create a record, or change one."""
        found = id_ or f"{kind[0].upper()}-{next(self.ticks)}"
        self.records[kind].setdefault(found, {}).update(values)
        self.changed[kind, found] = next(self.ticks)
        return found

    def issue(self) -> str:
        """A new access token; the one before is good no more."""
        self.renewed += 1
        self.token = f"toy-access-{self.renewed}"
        return self.token


HOUSES: dict[str, House] = {}
"""By the address under which a connection reaches them."""
