"""A rejection without a reason: an alert says so, whoever gave the lead back is asked once, the answer completes it.

They are asked after a while: the reason often follows by itself, from another field or a task that is read later.
"""

from integration.core.compiled.context import NEVER, Context
from integration.core.handoff import packet, sla_clocks, task_story
from integration.core.model.effect_keys import cause, key
from integration.core.model.effects import AlertRaised, TaskWanted
from integration.core.model.given_back import Unexplained
from integration.core.model.state import LeadState
from integration.core.rules.automation_rules import Due
from mappings.model.task_text import plain
from mappings.values.instant import HOUR, Instant, Span

_GRACE: Span = HOUR
_KIND = "rejection"
_SUBJECT = "Why was {name} given back?"
_NOTE = (
    "This lead was given back without a reason. Please say why when you close this task: the reason decides what the "
    "person gets from now on, and when you see them again."
)
_WHY = "given back without a reason"
_DUE = Due(working_days=1)


def note(context: Context, given: str = "", *, at_once: bool) -> None:
    """A reason is missing; `given` is what stood there instead. The alert goes out at once, or with the task."""
    state = context.state
    if at_once:
        _alert(context, given)
    if state.unexplained is None and not context.silent and not context.excluded():
        state.unexplained = Unexplained(at=context.now, alerted=at_once)
        context.wake(asked_at(context))


def asked_at(context: Context) -> Instant:
    """When somebody is to be asked for the reason; NEVER where none is missing, or somebody was asked."""
    missing = context.state.unexplained
    return NEVER if missing is None or missing.asked else missing.at + _GRACE


def ask(context: Context) -> None:
    """Ask for the reason in one task for whoever had the lead; never twice for one handover [rules: stages]."""
    state, missing = context.state, context.state.unexplained
    if missing is None:
        return
    missing.asked = True
    if not missing.alerted:
        _alert(context, "")
    state.reason_tasks += 1
    due = missing.until = sla_clocks.task_due(context, context.now, _DUE)
    context.wake(due)
    wording = packet.wording(context, subject=_SUBJECT, notes=(_NOTE,), why=_WHY, since=missing.at)
    subject, text = task_story.filled(context, wording, due)
    context.effects.append(
        TaskWanted(
            key=_key(state),
            lead=state.lead,
            at=context.now,
            because=("given back without a known reason",),
            play="",
            step=1,
            channel="task",
            due_at=due,
            assignee="worked_by",
            subject=subject,
            body=plain(text),
            wording=wording,
        )
    )


def asks(of: str) -> bool:
    """Whether this is the key of such a task."""
    return cause(of).startswith(f"{_KIND}/")


def pointless(state: LeadState) -> list[str]:
    """The key of the last such task, once nobody has to answer it any more."""
    return [_key(state)] if state.reason_tasks and state.unexplained is None else []


def _key(state: LeadState) -> str:
    return key(state.lead, _KIND, state.reason_tasks, "task")


def _alert(context: Context, given: str) -> None:
    state = context.state
    state.alerts["rejection"] = number = state.alerts.get("rejection", 0) + 1
    context.effects.append(
        AlertRaised(
            key=key(state.lead, "alert", "rejection_without_reason", number),
            lead=state.lead,
            at=context.now,
            because=(f"sales rejected with reason {given or 'none'}",),
            alert="rejection_without_reason",
            text=(
                f"{packet.who(context)} was rejected without a known reason; give one of "
                f"{', '.join(context.playbook.vocabulary.reasons)}"
            ),
        )
    )
