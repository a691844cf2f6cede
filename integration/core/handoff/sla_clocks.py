"""Service-level clocks: they start, remind, escalate at their end, and run on until they are stopped."""

from integration.core.compiled.context import Fold
from integration.core.handoff import packet
from integration.core.model.effect_keys import key
from integration.core.model.effects import AlertRaised, Escalated
from integration.core.model.state import Running
from integration.core.rules.automation_rules import Clock, Due
from integration.core.rules.calendar import after_working_days, after_working_time, in_working_time, minutes
from mappings.values.instant import Instant

_OVERDUE = "Overdue: {clock} for {name}"


def falls(fold: Fold, start: Instant, due: Due) -> Instant:
    """The instant that is so long after `start`, in plain or working time."""
    at = start
    if due.span:
        at = after_working_time(fold.playbook.calendar, at, due.span) if due.working else at + due.span
    return after_working_days(fold.playbook.calendar, at, due.working_days) if due.working_days else at


def task_due(fold: Fold, start: Instant, due: Due) -> Instant:
    """When a task of that length is due: in working time, unless it may be due at any time [rules: plays]."""
    at = falls(fold, start, due)
    return at if due.any_time else in_working_time(fold.playbook.calendar, at)


def start(fold: Fold, cause: str, *, stage: str = "", trigger: str = "") -> None:
    """Start the clocks that wait for this stage or trigger; `cause` is the key of the effect that announces it."""
    for clock in fold.playbook.clocks:
        if (stage and clock.stage == stage) or (trigger and clock.trigger == trigger):
            check = fold.table.clock_checks.get(clock.name)
            if check is None or check(fold):
                _start(fold, clock, cause)


def _start(fold: Fold, clock: Clock, cause: str) -> None:
    before = fold.state.clocks.get(clock.name)
    if before is not None and before.stopped is None:
        return
    due = falls(fold, fold.now, clock.within)
    run = Running(times=before.times + 1 if before else 1, started=fold.now, due=due, cause=cause)
    fold.state.clocks[clock.name] = run
    fold.wake(run.due - clock.remind_before)


def stop(fold: Fold) -> None:
    """Stop the clocks that the current activity answers."""
    for name, run in fold.state.clocks.items():
        if run.stopped is None and fold.table.clock_stops.get(name) in fold.arms:
            run.stopped = fold.now


def stop_all(fold: Fold) -> None:
    """Stop every clock: nobody owes this lead an answer any more."""
    for run in fold.state.clocks.values():
        if run.stopped is None:
            run.stopped = fold.now


def due(fold: Fold, clock: Clock) -> Instant | None:
    """When a clock will next remind or run out."""
    run = fold.state.clocks.get(clock.name)
    if run is None or run.stopped is not None or run.breached:
        return None
    return max(run.due - clock.remind_before, run.started) if clock.remind_before and not run.reminded else run.due


def ring(fold: Fold, clock: Clock) -> None:
    """Remind, or escalate at the end, once; the clock runs on, so that the delay can be reported.

    Sales gets no alert about excluded people.
    """
    state, now, run = fold.state, fold.now, fold.state.clocks[clock.name]
    if fold.excluded():
        run.reminded, run.breached = True, now >= run.due
        return
    label = clock.label or clock.name.replace("_", " ")
    if now < run.due:
        run.reminded = True
        fold.effects.append(
            AlertRaised(
                key=key(state.lead, "clock", clock.name, run.times, "reminder"),
                lead=state.lead,
                at=now,
                because=(f"{label} is due in {minutes(run.due - now)}",),
                alert=f"{clock.name}_reminder",
                text=f"{label}: {packet.who(fold)} is waiting; due {packet.shown_time(fold, run.due)}",
                cause=run.cause,
                deadline=run.due,
            )
        )
        return
    run.reminded = run.breached = True
    because = (f"{label}: no answer by {packet.shown_time(fold, run.due)}",)
    notes = (clock.note,) if clock.note else ()
    wording = packet.wording(fold, subject=clock.subject or _OVERDUE, notes=notes, clock=label)
    subject, body = packet.filled(fold, wording, run.due)
    if clock.escalate_to is not None:
        fold.effects.append(
            Escalated(
                key=key(state.lead, "clock", clock.name, run.times, "escalation"),
                lead=state.lead,
                at=now,
                because=because,
                clock=clock.name,
                due_at=in_working_time(fold.playbook.calendar, run.due),
                assignee=clock.escalate_to,
                subject=subject,
                body=body,
                cause=run.cause,
                deadline=run.due,
                wording=wording,
            )
        )
    fold.effects.append(
        AlertRaised(
            key=key(state.lead, "clock", clock.name, run.times, "breach"),
            lead=state.lead,
            at=now,
            because=because,
            alert=f"{clock.name}_breach",
            text=subject,
            cause=run.cause,
            deadline=run.due,
        )
    )
