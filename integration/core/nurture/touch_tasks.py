"""Touch tasks: touches that a person delivers, as tasks with the packet."""

from integration.core.compiled.context import Context
from integration.core.handoff import conversations, packet, sla_clocks, task_story
from integration.core.handoff.conversations import Wanted
from integration.core.handoff.plain_words import capital
from integration.core.model.effects import TaskWanted
from integration.core.rules.automation_rules import Due, TaskStep
from mappings.model.task_text import plain
from mappings.values.instant import DAY

_DUE = Due(span=DAY)
"""When such a task is due that does not say when."""


def want(context: Context, step: TaskStep, *, key: str, track: str, number: int, called: str, because: str) -> None:  # noqa: PLR0913 - a task has that many sides
    """Give sales the task that is touch `number` of a track ("" for none); of excluded people, nobody gets one.

    `called` is what the task's wording calls its play.
    """
    if context.excluded():
        return
    due = sla_clocks.task_due(context, context.now, step.due or _DUE)
    notes = (step.note,) if step.note else ()
    why = f"step {number} of the track {called}" if track else capital(because)
    wording = packet.wording(context, subject=step.subject, notes=notes, play=called, why=why)
    wanted = Wanted(key=key, wanted=step.assignee, due=due, priority=step.priority, channel=step.channel)
    joins, joining = conversations.place(context, wanted)
    subject, text = task_story.filled(context, wording, due)
    context.effects.append(
        TaskWanted(
            key=key,
            lead=context.state.lead,
            at=context.now,
            because=(*([because] if because else []), *joining),
            play=track,
            step=number,
            channel=step.channel,
            due_at=due,
            assignee=conversations.assignee(context, step.assignee),
            priority=step.priority,
            subject=subject,
            body=plain(text),
            wording=wording,
            joins=joins,
        )
    )
