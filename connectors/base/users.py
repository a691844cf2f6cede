"""Users: who can own records in a CRM: people, and what only looks like a person (queues, groups)."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

UserKind: TypeAlias = Literal["person", "queue", "group", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmUser:
    """One owner of records; `id` is what owner fields contain, `email` is in lower case and "" where there is none.

    `active` is false for somebody who has left (a deactivated user, an archived owner). `manager` is another user's
    id, "" where the CRM knows none. `timezone` is an IANA name, "" where the CRM knows none. `kind` is `unknown` for
    an id that the CRM does not show to us.
    """

    id: str
    kind: UserKind = "person"
    name: str = ""
    email: str = ""
    active: bool = True
    manager: str = ""
    timezone: str = ""

    @property
    def label(self) -> str:
        """How people know them."""
        return self.name or self.email or self.id
