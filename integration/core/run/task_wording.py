"""The text of a task for sales, from where its lead stands when the task is delivered (or rewritten). Pure."""

from dataclasses import dataclass

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.handoff import packet
from integration.core.model.effects import Escalated, TaskWanted
from integration.core.model.state import LeadState
from integration.core.run.standing import placed
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A task as sales reads it."""

    subject: str
    body: str
    due_at: Instant


def worded(
    compiled: CompiledPlaybook, state: LeadState, task: TaskWanted | Escalated, now: Instant, *, reads_in: str = ""
) -> Worded:
    """A task in the words of what is known of its lead at `now`: never an id of ours. The state is not changed.

    Due times are written in the zone `reads_in` (IANA), in the playbook's where that is "". A task that was decided
    before tasks kept their wording says what it said then.
    """
    if not task.wording.subject:
        return Worded(subject=task.subject, body=task.body, due_at=task.due_at)
    context = placed(compiled, state, now)
    context.ids = False
    context.reads_in = reads_in or context.reads_in
    promised = task.deadline if isinstance(task, Escalated) else None
    subject, body = packet.filled(context, task.wording, task.due_at if promised is None else promised)
    return Worded(subject=subject, body=body, due_at=task.due_at)
