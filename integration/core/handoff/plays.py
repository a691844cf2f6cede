"""Plays: the tasks and touches that follow a trigger or a stage, once while the play is open."""

from dataclasses import dataclass
from typing import NamedTuple

from integration.core.compiled.context import Context
from integration.core.compiled.plans import PlayPlan
from integration.core.handoff import conversations, packet, sla_clocks, task_story
from integration.core.handoff.conversations import ALONE, Wanted
from integration.core.handoff.plain_words import capital
from integration.core.handoff.template_words import Words
from integration.core.handoff.wording import compose
from integration.core.model.effect_keys import AGAIN, given_first, key, play_step
from integration.core.model.effects import AlertRaised, TaskWanted, Wording
from integration.core.model.state import Opening, Waiting
from integration.core.rules.automation_rules import AlertStep, Due, Play, TaskStep
from mappings.model.canonical import Activity
from mappings.model.task_text import plain
from mappings.values.instant import DAY, Instant

ANSWERS = frozenset({"call_attempt", "meeting_booked", "sales_accepted", "sales_rejected", "sales_qualified"})
"""By these sales answers a lead: its open tasks are closed."""
_A_DAY = Due(span=DAY)
"""When a task is due that does not say when."""


def is_open(context: Context, name: str) -> bool:
    """Whether the play is open: sales has not answered, and its last due date (and grace) has not passed."""
    opening = context.state.plays.get(name)
    return opening is not None and opening.open and context.now < opening.until


def answered(context: Context) -> bool:
    """Close every open play, and with it every conversation; whether there was a play."""
    found = False
    conversations.end_all(context)
    for opening in context.state.plays.values():
        found = found or (opening.open and context.now < opening.until)
        opening.open = False
        opening.shut.clear()
    return found


def tried(context: Context, activity: Activity) -> bool:
    """An attempt that reached nobody closes the task in which it is said, if any; whether a play was open.

    One that is said elsewhere, as a call of its own or by the record's status, leaves every task and conversation open.
    """
    found = any(is_open(context, name) for name in context.state.plays)
    if activity.properties.get("task"):
        shut(context, activity)
    return found


def shut(context: Context, activity: Activity) -> None:
    """A task that was closed without an answer of what came of it: its play is open no longer once all its tasks are.

    So is that of every task that had joined it.
    """
    task = str(activity.properties.get("task") or "")
    for each in dict.fromkeys((task, *conversations.end(context, task))):
        _shut(context, each)


def given_anew(context: Context, activity: Activity) -> None:
    """Somebody was given a task that somebody else had before: it is open, also where the first one is closed."""
    task = str(activity.properties.get("task") or "")
    found = _present(context, given_first(task)) if task.endswith(AGAIN) else None
    step = found.step if found is not None else None
    if found is None or step is None:
        return
    opening, tasks = found.opening, [number for number, *_ in found.plan.tasks]
    shut = opening.shut if opening.open else tasks
    opening.open, opening.shut = True, [each for each in shut if each != found.number]
    conversations.open_again(context, given_first(task), step)


def _shut(context: Context, task: str) -> None:
    found = _present(context, task)
    if found is None or not found.opening.open:
        return
    opening = found.opening
    if found.step is not None and found.number not in opening.shut:
        opening.shut.append(found.number)
    opening.open = len(opening.shut) < len(found.plan.tasks)


def carried(context: Context, activity: Activity) -> None:
    """A task that was to join another (`task`) is carried out by this one (`by`): itself, where it became one.

    Where it had been closed with the other without a word, it is open again: whoever closed that has not seen it.
    """
    task, by = (str(activity.properties.get(name) or "") for name in ("task", "by"))
    if not task or context.silent or not _decided(context, task):
        return
    found = _present(context, task)
    step, due = found.step if found is not None else None, context.now
    if found is not None and step is not None:
        due = sla_clocks.task_due(context, found.opening.began, step.due or _A_DAY)
        if found.number in found.opening.shut:
            found.opening.shut.remove(found.number)
            found.opening.open = True
    alone = Wanted(
        key=f"{key(context.state.lead)}/{task}",
        wanted=step.assignee if step else "owner",
        due=due,
        channel=step.channel if step else "call",
    )
    conversations.move(context, task, by, alone)


def _decided(context: Context, task: str) -> bool:
    """Whether a task of a play was ever decided; of others nothing is known."""
    step = play_step(task)
    name = context.table.play_of(step.play) if step is not None else None
    opening = context.state.plays.get(name) if name is not None else None
    return step is None or (opening is not None and opening.times >= step.times)


class _Present(NamedTuple):
    """A task of a play's present opening, by its number."""

    opening: Opening
    plan: PlayPlan
    number: int

    @property
    def step(self) -> TaskStep | None:
        """What the play says of it; None where the play has no task of that number any more."""
        return next((step for number, step, _ in self.plan.tasks if number == self.number), None)


def _present(context: Context, task: str) -> _Present | None:
    """What a task (by its cause) is of; None of a former opening, of a play that is gone, or of no play."""
    step = play_step(task)
    name = context.table.play_of(step.play) if step is not None else None
    opening = context.state.plays.get(name) if name is not None else None
    if step is None or name is None or opening is None or opening.times != step.times:
        return None
    return _Present(opening, context.table.plays[name], step.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A play being played: its so-many-th opening, and what set it off."""

    play: Play
    times: int
    because: str
    trigger: str
    why: str
    before: str

    def key(self, context: Context, kind: str, number: int) -> str:
        return key(context.state.lead, "play", context.table.root("play", self.play.name), self.times, kind, number)

    def wording(self, context: Context, subject: str = "", notes: tuple[str, ...] = ()) -> Wording:
        name = self.play.label or self.play.name
        return packet.wording(
            context,
            subject=subject,
            notes=notes,
            play=name,
            trigger=self.trigger,
            why=self.why or capital(self.because),
            before=self.before,
        )


def begin(  # noqa: PLR0913 - what a play's tasks tell of it
    context: Context, name: str, because: str, *, trigger: str = "", why: str = "", before: str = ""
) -> bool:
    """Play a play from its first step; False if it is still open, or nothing may happen to this lead (now).

    Excluded people get its touches, but sales none of its tasks and alerts [two-axis: persona]. `why` is how its
    tasks put the reason (as `because`, if ""), `before` what they say about the last time.
    """
    plan = context.table.plays.get(name)
    if plan is None or context.silent or context.deferred or is_open(context, name):
        return False
    last = context.state.plays.get(name)
    opening = Opening(times=last.times + 1 if last else 1, until=context.now, open=False, began=context.now)
    context.state.plays[name] = opening
    opened = _Opened(play=plan.play, times=opening.times, because=because, trigger=trigger, why=why, before=before)
    if (plan.tasks or plan.alerts) and not context.excluded():
        for number, step, checklist in plan.tasks:
            due = sla_clocks.task_due(context, context.now, step.due or _A_DAY)
            opening.open, opening.until = True, max(opening.until, due + plan.play.grace)
            context.effects.append(_task(context, opened, number, step, checklist, due))
        for number, alert in enumerate(plan.alerts, 1):
            context.effects.append(_alert(context, opened, number, alert))
    for number, touch in enumerate(plan.touches, 1):
        at = sla_clocks.falls(context, context.now, touch.after)
        touch_key = opened.key(context, "touch", number)
        waiting = Waiting(key=touch_key, at=at, step=number, content=touch.content, because=because)
        context.state.waiting.append(waiting)
        context.wake(at)
    if opening.open:
        context.wake(opening.until)
    return True


def _task(  # noqa: PLR0913, PLR0917 - a task has that many sides
    context: Context, opened: _Opened, number: int, step: TaskStep, checklist: tuple[str, ...], due: Instant
) -> TaskWanted:
    notes = [step.note] if step.note else []
    wording = opened.wording(context, step.subject, (*notes, *[f"[ ] {each}" for each in checklist]))
    key = opened.key(context, "task", number)
    wanted = Wanted(key=key, wanted=step.assignee, due=due, priority=step.priority, channel=step.channel)
    joins, joining = conversations.place(context, wanted) if not opened.play.separate else ALONE
    subject, text = task_story.filled(context, wording, due)
    return TaskWanted(
        key=key,
        lead=context.state.lead,
        at=context.now,
        because=(opened.because, *joining),
        play=opened.play.name,
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


def _alert(context: Context, opened: _Opened, number: int, step: AlertStep) -> AlertRaised:
    return AlertRaised(
        key=opened.key(context, "alert", number),
        lead=context.state.lead,
        at=context.now,
        because=(opened.because,),
        alert=step.alert,
        text=compose(step.text, Words(context, opened.wording(context), due=None)),
    )
