"""The text of a task for sales, from where its lead stands when the task is delivered (or rewritten). Pure."""

from dataclasses import dataclass

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.handoff import sla_clocks
from integration.core.handoff.task_story import NOTHING_BESIDE, Beside, filled, reason
from integration.core.model.effects import Escalated, TaskWanted
from integration.core.model.state import LeadState, copied
from integration.core.rules.automation_rules import Due
from integration.core.run.standing import placed
from mappings.model.task_text import TaskText, of_plain
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A task as sales reads it."""

    subject: str
    body: TaskText
    due_at: Instant


def worded(
    compiled: CompiledPlaybook,
    state: LeadState,
    task: TaskWanted | Escalated,
    now: Instant,
    beside: Beside = NOTHING_BESIDE,
) -> Worded:
    """A task in the words of what is known of its lead at `now`: never an id of ours. The state is not changed.

    `beside` is what the lead's state does not say, among it the working hours of whoever gets the task: it is due in
    them, and the clocks count by them. A task that was decided before tasks kept their wording says what it said then.
    """
    hours = beside.hours
    if not task.wording.subject:
        return Worded(subject=task.subject, body=of_plain(task.body), due_at=task.due_at)
    context = placed(compiled, state if hours is None else copied(state), now)
    context.ids = False
    due_at = task.due_at
    if hours is not None:
        due_at = _due_for(context, task, hours)
        if isinstance(task, TaskWanted) and task.assignee != "manager":
            sla_clocks.take_hours(context, hours)
    context.reads_in = beside.reads_in or context.reads_in
    promised = task.deadline if isinstance(task, Escalated) else None
    subject, body = filled(context, task.wording, due_at if promised is None else promised, beside)
    return Worded(subject=subject, body=body, due_at=due_at)


def joining_words(
    compiled: CompiledPlaybook, state: LeadState, task: TaskWanted | Escalated, now: Instant, reads_in: str = ""
) -> str:
    """What a task that joins another adds on top of it, where somebody has changed the other's text by hand."""
    if not task.wording.subject:
        return task.subject
    context = placed(compiled, state, now)
    context.ids = False
    context.reads_in = reads_in or context.reads_in
    return reason(context, task.wording, task.due_at)


def _due_for(context: Context, task: TaskWanted | Escalated, hours: str) -> Instant:
    """When a task is due for somebody who works these hours: as long after it was decided as its play says.

    Any other task (of a former playbook, of no play, handed over later than decided) is due when they next work from
    its due time on.
    """
    if isinstance(task, TaskWanted) and (plan := context.table.plays.get(task.play)) is not None:
        due = next((step.due for number, step, _ in plan.tasks if number == task.step), None)
        if due is not None and sla_clocks.task_due(context, task.at, due) == task.due_at:
            return sla_clocks.task_due_for(context, task.at, due, hours)
    return sla_clocks.task_due_for(context, task.due_at, Due(), hours)
