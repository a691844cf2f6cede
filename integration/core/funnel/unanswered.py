"""A handoff that sales closed without an answer: the lead goes back to nurturing, and a review tells the manager.

Sales has closed every call and e-mail about an MQL without a word of what came of it, has closed the escalations too,
and no clock runs any more; or it gave the lead back and never said why. Nobody works on such a lead, and nothing would
happen to it by itself. So it is recycled without a reason: two working days after the last task was closed (in which
somebody else may be given the task), or when the task that asks for the reason is due. A later answer still counts.
"""

from integration.core.compiled.context import NEVER, Context
from integration.core.funnel import stages
from integration.core.handoff import packet, sla_clocks, task_story
from integration.core.model.effect_keys import key
from integration.core.model.effects import TaskWanted
from integration.core.model.given_back import GivenBack, Unexplained
from integration.core.model.state import LeadState
from integration.core.rules.automation_rules import Due
from mappings.model.canonical import Activity
from mappings.model.task_text import plain
from mappings.values.instant import Instant

_QUIET = Due(working_days=2)
_DUE = Due(working_days=1)
_SUBJECT = "Review: {name} had no answer from sales"
_CLOSED = "sales closed its tasks and said nothing of what came of them"
_NO_REASON = "sales gave no reason"
_NOTE = (
    "This lead is back with marketing, without a reason. If somebody has it in hand, close this task as accepted; "
    "if you know why it was given back, close it as rejected with the reason."
)


def closed(context: Context, activity: Activity) -> None:
    """A task about the lead was closed without a word: an answer is waited for some time longer."""
    state = context.state
    if state.stage != "mql":
        return
    sla_clocks.escalation_closed(context, str(activity.properties.get("task") or ""))
    state.quiet_until = sla_clocks.task_due(context, context.now, _QUIET)
    context.wake(due(context))


def due(context: Context) -> Instant:
    """When the lead goes back for want of an answer; NEVER while sales has something open, or owes one by a clock."""
    state = context.state
    if state.stage != "mql" or state.conversations:
        return NEVER
    missing = state.unexplained
    if missing is not None and not missing.asked:
        return NEVER
    times = [each for each in (state.quiet_until, missing.until if missing else None) if each is not None]
    if not times or _owed(context) or context.excluded():
        return NEVER
    until = max(times)
    rule = context.playbook.unreached
    if rule is not None and state.first_attempt is not None:
        return max(until, state.first_attempt + rule.over)  # somebody is trying to reach them
    return until


def give_back(context: Context) -> None:
    """Recycle the lead without a reason, and have the manager look at it, once for each handover."""
    state, left = context.state, context.state.stage
    after = _NO_REASON if state.unexplained is not None else _CLOSED
    since = state.handed
    stages.recycle(context, GivenBack(at=context.now, left=left, after=after), f"no answer: {after}")
    state.unexplained = state.unexplained or Unexplained(at=context.now, alerted=True, asked=True)
    state.quiet_until = None
    finish = sla_clocks.task_due(context, context.now, _DUE)
    wording = packet.wording(context, subject=_SUBJECT, notes=(_NOTE,), why=f"No answer: {after}", since=since)
    subject, text = task_story.filled(context, wording, finish)
    context.effects.append(
        TaskWanted(
            key=key(state.lead, "unanswered", state.cycle, "task"),
            lead=state.lead,
            at=context.now,
            because=(f"no answer: {after}",),
            play="",
            step=1,
            channel="review",
            due_at=finish,
            assignee="manager",
            subject=subject,
            body=plain(text),
            wording=wording,
        )
    )


def waits(state: LeadState) -> bool:
    """Whether a lead is one that may go back for want of an answer."""
    return state.quiet_until is not None or state.unexplained is not None


def counts_yet(state: LeadState) -> bool:
    """Whether a lead has gone back for want of an answer, so that one that comes now is taken all the same."""
    back = state.given_back
    return state.stage == "recycled" and back is not None and not back.reason and back.after in {_CLOSED, _NO_REASON}


def _owed(context: Context) -> bool:
    """Whether sales has yet to do something: a task of the handoff is open, a clock runs, an escalation is open."""
    opening = context.state.plays.get(context.playbook.handoff.play)
    if opening is not None and opening.open:
        return True
    return any(run.stopped is None and not (run.breached and run.closed) for run in context.state.clocks.values())
