"""A conversation: one open call or e-mail of somebody in sales with a lead. A value of the lead's state."""

from dataclasses import dataclass, field
from typing import Literal

from integration.core.model.effects import Assignee
from mappings.values.instant import Instant


@dataclass(slots=True, kw_only=True)
class Conversation:
    """An open call or e-mail of somebody in sales, by the key of its task, and what is known of who has it.

    `wanted` is the role that the playbook named, `role` what it came to then, `person` the owner of that role ("" for a
    pool's and a manager's). `due` is the earliest of the task and of all that joined it; `joined` are the causes of the
    play steps among these.
    """

    key: str
    wanted: Assignee
    role: Assignee
    person: str
    channel: Literal["call", "email"]
    began: Instant
    due: Instant
    joined: list[str] = field(default_factory=list)
