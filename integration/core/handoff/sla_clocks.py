"""Service-level clocks: they start, remind, escalate at their end, and run on until they are stopped."""

from dataclasses import dataclass

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.compiled.context import Context
from integration.core.handoff import packet
from integration.core.model.effect_keys import BREACH, key
from integration.core.model.effects import AlertRaised, Escalated
from integration.core.model.state import LeadState, Running
from integration.core.rules.automation_rules import Clock, Due
from integration.core.rules.calendar import after_working_days, after_working_time, in_working_time, minutes
from mappings.values.instant import Instant

_OVERDUE = "Overdue: {clock} for {name}"


def falls(context: Context, start: Instant, due: Due) -> Instant:
    """The instant that is so long after `start`, in plain or working time."""
    at = start
    if due.span:
        at = after_working_time(context.playbook.calendar, at, due.span) if due.working else at + due.span
    return after_working_days(context.playbook.calendar, at, due.working_days) if due.working_days else at


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
    due = falls(context, context.now, clock.within)
    run = Running(times=before.times + 1 if before else 1, started=context.now, due=due, cause=cause)
    context.state.clocks[clock.name] = run
    context.wake(run.due - clock.remind_before)


def stop(context: Context) -> None:
    """Stop the clocks that the current activity answers."""
    for name, run in context.state.clocks.items():
        if run.stopped is None and context.table.clock_stops.get(name) in context.arms:
            run.stopped = context.now


def stop_all(context: Context) -> None:
    """Stop every clock: nobody owes this lead an answer any more."""
    for run in context.state.clocks.values():
        if run.stopped is None:
            run.stopped = context.now


def pointless_escalations(compiled: CompiledPlaybook, state: LeadState) -> list[str]:
    """The keys of escalations that nobody has to see to any more: their clock was stopped after it had run out."""
    return [
        key(state.lead, "clock", compiled.dispatch.root("clock", name), run.times, "escalation")
        for name, run in state.clocks.items()
        if run.breached and run.stopped is not None
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondBreach:
    """A clock that ran out, and for as long again nobody answered: its name, the promise, and the one made now."""

    label: str
    promised: Instant
    due: Instant


def second_breach(compiled: CompiledPlaybook, state: LeadState, now: Instant) -> SecondBreach | None:
    """The first clock of a lead that was broken twice by `now`; None where none was, or nobody owes an answer."""
    context = Context(compiled, state)
    if context.silent or context.excluded():
        return None
    calendar = context.playbook.calendar
    for clock in context.playbook.clocks:
        run = state.clocks.get(clock.name)
        if run is None or run.stopped is not None or not run.breached or falls(context, run.due, clock.within) > now:
            continue
        again = in_working_time(calendar, falls(context, now, clock.within))
        return SecondBreach(label=_label(clock), promised=run.due, due=again)
    return None


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
    if context.excluded():
        run.reminded, run.breached = True, now >= run.due
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
    wording = packet.wording(context, subject=clock.subject or _OVERDUE, notes=notes, clock=label)
    subject, body = packet.filled(context, wording, run.due)
    if clock.escalate_to is not None:
        context.effects.append(
            Escalated(
                key=key(state.lead, "clock", root, run.times, "escalation"),
                lead=state.lead,
                at=now,
                because=because,
                clock=clock.name,
                due_at=in_working_time(context.playbook.calendar, run.due),
                assignee=clock.escalate_to,
                subject=subject,
                body=body,
                cause=run.cause,
                deadline=run.due,
                wording=wording,
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
