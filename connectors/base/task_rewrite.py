"""The rewriting of an open task: one of the writes of the port."""

from dataclasses import dataclass

from connectors.base.task_words import UNTOLD, Priority, TaskWords
from mappings.model.task_text import TaskText
from mappings.values.identifiers import ExternalId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRewrite:
    """Rewrite an open task (`object` and `id` are its own): sending it twice changes nothing.

    Where the task still says `before`, what we wrote last as plain text, it says `body` from then on; what a person has
    written into it stays, with `above` on top. It is due at `due_at` where that is earlier than it is due, and as
    urgent as `priority` says unless that is None. Neither its owner nor its status changes.
    """

    key: str
    object: str
    id: ExternalId
    subject: str
    body: TaskText
    before: str
    above: TaskText
    due_at: Instant
    priority: Priority | None = None
    zone: str = "UTC"
    words: TaskWords = UNTOLD
