"""Service-level clocks: they start, remind, escalate at their end, and run on until they are stopped.

Working time is counted by the playbook's calendar until somebody is given a task about the lead (`task_given`), from
then on by their hours; what had passed by then stays passed. A clock that has run out keeps its deadline.
"""

from dataclasses import dataclass, replace

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.handoff import conversations, packet, task_story
from integration.core.handoff.conversations import Wanted
from integration.core.hours.clock_time import deadline, working_time_after
from integration.core.hours.working_hours import WorkingHours, after, read
from integration.core.model.effect_keys import ALERTED, BREACH, alert_task, cause, key
from integration.core.model.effects import AlertRaised, Escalated
from integration.core.model.state import LeadState, Running
from integration.core.rules.automation_rules import Clock, Due
from integration.core.rules.calendar import in_working_time, minutes
from mappings.model.canonical import Activity
from mappings.model.task_text import plain
from mappings.values.instant import Instant

_OVERDUE = "Overdue: {clock} for {name}"
_MOST_HANDOVERS = 20
"""So many changes of hours are kept of one run; more make one of the oldest."""


def falls(context: Context, start: Instant, due: Due) -> Instant:
    """The instant that is so long after `start`, in plain or working time of the playbook's calendar."""
    return working_time_after(WorkingHours(), context.playbook.calendar, start, due)


def task_due(context: Context, start: Instant, due: Due) -> Instant:
    """When a task of that length is due: in working time, unless it may be due at any time [rules: plays]."""
    at = falls(context, start, due)
    return at if due.any_time else in_working_time(context.playbook.calendar, at)


def start(context: Context, cause: str, *, stage: str = "", trigger: str = "") -> None:
    """Start the clocks that wait for this stage or trigger; `cause` is the key of the effect that announces it."""
    for clock in context.playbook.clocks:
        if (stage and clock.stage == stage) or (trigger and clock.trigger == trigger):
            check = context.table.clock_checks.get(clock.name)
            if check is None or check(context):
                _start(context, clock, cause)


def _start(context: Context, clock: Clock, cause: str) -> None:
    before = context.state.clocks.get(clock.name)
    if before is not None and before.stopped is None:
        return
    hours = [(context.now, context.state.hours)] if context.state.hours else []
    run = Running(times=before.times + 1 if before else 1, started=context.now, due=0, cause=cause, hours=hours)
    run.due = deadline(context.playbook.calendar, run, clock.within)
    context.state.clocks[clock.name] = run
    context.runs[clock.name, run.times] = run
    context.wake(run.due - clock.remind_before)


def stop(context: Context) -> None:
    """Stop the clocks that the current activity answers."""
    for name, run in context.state.clocks.items():
        if run.stopped is None and context.table.clock_stops.get(name) in context.arms:
            run.stopped = context.now
            run.answer = context.activity.type if context.activity is not None else ""
            context.runs[name, run.times] = run


def given(context: Context, activity: Activity) -> None:
    """Somebody was given a task about the lead: the clocks count by their working hours from now on."""
    take_hours(context, str(activity.properties.get("hours") or ""))


def take_hours(context: Context, hours: str) -> None:
    """Count by these working hours from now on, by the playbook's calendar where they cannot be read."""
    state, hours = context.state, hours if read(hours) is not None else ""
    if hours == state.hours:
        return
    state.hours = hours
    for clock in context.playbook.clocks:
        run = state.clocks.get(clock.name)
        if run is None or run.stopped is not None:
            continue
        context.runs[clock.name, run.times] = run
        run.hours[:] = [*run.hours[-_MOST_HANDOVERS + 1 :], (context.now, hours)]
        if not run.breached:
            run.due = max(context.now, deadline(context.playbook.calendar, run, clock.within))
            context.wake(context.now)


def task_due_for(context: Context, start: Instant, due: Due, hours: str) -> Instant:
    """When a task is due for somebody who works these hours: in working time, unless it may be due at any time."""
    usual, theirs = context.playbook.calendar, read(hours) or WorkingHours()
    at = working_time_after(theirs, usual, start, due)
    return at if due.any_time else after(theirs, usual, at, 0)


def begin_anew(context: Context) -> None:
    """The lead is on hold no longer: what was promised, and had not run out before, is promised anew from now on."""
    state = context.state
    for clock in context.playbook.clocks:
        run = state.clocks.get(clock.name)
        if run is None or run.stopped is not None or run.breached:
            continue
        run.started, run.hours = context.now, [(context.now, state.hours)] if state.hours else []
        run.due = deadline(context.playbook.calendar, run, clock.within)
        context.runs[clock.name, run.times] = run
        context.wake(context.now)


def stop_all(context: Context) -> None:
    """Stop every clock: nobody owes this lead an answer any more, and whoever had its tasks has them no longer."""
    context.state.hours = ""
    for name, run in context.state.clocks.items():
        if run.stopped is None:
            run.stopped = context.now
            context.runs[name, run.times] = run


def escalation_closed(context: Context, task: str) -> None:
    """The escalation of this cause (`clock/first_response/1/escalation`) was closed without a word, if it is one."""
    for name, run in context.state.clocks.items():
        if task == cause(_escalation(context, name, run)):
            run.closed = True


def _escalation(context: Context, clock: str, run: Running) -> str:
    """The key of the escalation of a clock's run."""
    return key(context.state.lead, "clock", context.table.root("clock", clock), run.times, "escalation")


def pointless_escalations(compiled: CompiledPlaybook, state: LeadState) -> list[str]:
    """The keys of escalations that nobody has to see to any more: their clock was stopped after it had run out."""
    return [
        key(state.lead, "clock", compiled.dispatch.root("clock", name), run.times, "escalation")
        for name, run in state.clocks.items()
        if run.breached and run.stopped is not None
    ]


def pointless_reminders(compiled: CompiledPlaybook, state: LeadState) -> list[str]:
    """The keys of reminders that are tasks, of clocks that were stopped: nobody has to be reminded any more."""
    return [
        alert_task(key(state.lead, "clock", compiled.dispatch.root("clock", name), run.times, "reminder"), role)
        for name, run in state.clocks.items()
        if run.reminded and run.stopped is not None
        for role in ALERTED
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondBreach:
    """A clock that ran out, and for as long again nobody answered: its name, the promise, and the one made now."""

    label: str
    promised: Instant
    due: Instant


def second_breach(
    compiled: CompiledPlaybook, state: LeadState, now: Instant, stands: Instant | None = None
) -> SecondBreach | None:
    """The first clock of a lead that was broken twice by `now`; None where none was, or nobody owes an answer.

    `stands` is since when the task is in the CRM: whoever has it gets as long as was promised from then on, too.
    """
    context = Context(compiled, state)
    context.now = now
    if context.silent or context.deferred or context.excluded():
        return None
    calendar = context.playbook.calendar
    for clock in context.playbook.clocks:
        run = state.clocks.get(clock.name)
        if run is None or run.stopped is not None or not run.breached:
            continue
        since = run.due if stands is None else max(run.due, stands)
        hours = [(since, state.hours)] if state.hours else []
        if deadline(calendar, replace(run, started=since, hours=hours), clock.within) > now:
            continue
        again = in_working_time(calendar, falls(context, now, clock.within))
        return SecondBreach(label=_label(clock), promised=run.due, due=again)
    return None


def _waits(context: Context, clock: Clock) -> str:
    """What the lead has waited since, for the escalation."""
    run, handed = context.state.clocks[clock.name], context.state.handed
    return "handed over to sales" if clock.stage == "mql" and handed == run.started else "the clock started"


def _label(clock: Clock) -> str:
    return clock.label or clock.name.replace("_", " ")


def due(context: Context, clock: Clock) -> Instant | None:
    """When a clock will next remind or run out."""
    run = context.state.clocks.get(clock.name)
    if run is None or run.stopped is not None or run.breached:
        return None
    return max(run.due - clock.remind_before, run.started) if clock.remind_before and not run.reminded else run.due


def ring(context: Context, clock: Clock) -> None:
    """Remind, or escalate at the end, once; the clock runs on, so that the delay can be reported.

    Sales gets no alert about excluded people.
    """
    state, now, run = context.state, context.now, context.state.clocks[clock.name]
    context.runs[clock.name, run.times] = run
    if context.excluded():
        run.reminded, run.breached, run.closed = True, now >= run.due, now >= run.due
        return
    label = _label(clock)
    root = context.table.root("clock", clock.name)
    if now < run.due:
        run.reminded = True
        context.effects.append(
            AlertRaised(
                key=key(state.lead, "clock", root, run.times, "reminder"),
                lead=state.lead,
                at=now,
                because=(f"{label} is due in {minutes(run.due - now)}",),
                alert=f"{clock.name}_reminder",
                text=f"{label}: {packet.who(context)} is waiting; due {packet.shown_time(context, run.due)}",
                cause=run.cause,
                deadline=run.due,
            )
        )
        return
    run.reminded = run.breached = True
    because = (f"{label}: no answer by {packet.shown_time(context, run.due)}",)
    notes = (clock.note,) if clock.note else ()
    wording = packet.wording(
        context,
        subject=clock.subject or _OVERDUE,
        notes=notes,
        clock=label,
        why=_waits(context, clock),
        since=run.started,
    )
    subject, text = task_story.filled(context, wording, run.due)
    run.closed = True
    if clock.escalate_to is not None:
        own = _escalation(context, clock.name, run)
        late = in_working_time(context.playbook.calendar, run.due)
        joins, joining = conversations.place(context, Wanted(key=own, wanted=clock.escalate_to, due=late))
        run.closed = bool(joins)
        context.effects.append(
            Escalated(
                key=own,
                lead=state.lead,
                at=now,
                because=(*because, *joining),
                clock=clock.name,
                due_at=late,
                assignee=clock.escalate_to,
                subject=subject,
                body=plain(text),
                cause=run.cause,
                deadline=run.due,
                wording=wording,
                joins=joins,
            )
        )
    context.effects.append(
        AlertRaised(
            key=key(state.lead, "clock", root, run.times, BREACH),
            lead=state.lead,
            at=now,
            because=because,
            alert=f"{clock.name}_breach",
            text=subject,
            cause=run.cause,
            deadline=run.due,
        )
    )
