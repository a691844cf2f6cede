"""How an activity of sales or of the lead moves the stage, by the table of [rules: stages]."""

from collections.abc import Mapping
from dataclasses import replace

from integration.core.compiled.context import Context
from integration.core.funnel import missing_reasons, stages, suppression, unanswered
from integration.core.handoff import plays
from integration.core.model.events import LeadChanged
from integration.core.model.given_back import GivenBack
from mappings.model.answer_words import said_by
from mappings.model.canonical import STAGES, Activity, Value
from mappings.values.instant import MINUTE, Span

_ACCEPTING = frozenset({"sales_accepted", "meeting_booked"})
_SILENCING = frozenset({"unsubscribe", "decline", "spam_complaint"})

_ONE_CALL: Span = 30 * MINUTE
"""Within which an attempt that a status tells of is the one that a task or a call tells of."""

HEARD: frozenset[str] = frozenset(
    {
        "call_attempt",
        "meeting_booked",
        "sales_accepted",
        "sales_qualified",
        "sales_rejected",
        "opportunity_created",
        "opportunity_won",
        "opportunity_lost",
        "unsubscribe",
        "decline",
        "spam_complaint",
        "resubscribe",
    }
)
"""Activity types that may move a stage whatever the score."""


def hear(context: Context, activity: Activity) -> None:
    """Take in what sales or the person decided. A rejection without a reason is refused, with an alert.

    Of somebody who is to be left alone, nothing that sales does moves a stage.
    """
    kind = activity.type
    if kind in _SILENCING:
        suppression.silence(context, "asked", kind.replace("_", " "))
        return
    if kind == "resubscribe":
        for why in suppression.REASONS:
            suppression.lift(context, why, "resubscribed")
        return
    if context.silent:
        return
    if kind in plays.ANSWERS and _closes(context, activity):
        context.state.paused = max(context.state.paused or context.now, context.now + context.playbook.answer_pause)
    if kind == "call_attempt":
        _called(context, activity)
    _move(context, activity)


def _closes(context: Context, activity: Activity) -> bool:
    """What an answer closes: every play, or the task of an attempt that reached nobody; whether a play was open."""
    return plays.tried(context, activity) if _missed(activity) else plays.answered(context)


def _missed(activity: Activity) -> bool:
    """Whether this is an attempt that reached nobody, which is no answer."""
    return activity.type == "call_attempt" and activity.properties.get("outcome") != "connected"


def _move(context: Context, activity: Activity) -> None:
    """Whatever follows for the stage. A rejection is none without a reason that the vocabulary has."""
    kind, reason = activity.type, activity.properties.get("reason")
    known = str(reason) if reason in context.playbook.vocabulary.reasons else None
    if kind == "sales_rejected" and known is None:
        _refused(context, activity)
        return
    if kind == "sales_rejected" and stages.unexplained(context):
        stages.explain(context, _explained(context, activity), _words(activity))
        return
    stage = "mql" if unanswered.counts_yet(context.state) else context.state.stage
    to = _next(stage, kind, activity)
    if to == "recycled":
        lost = kind == "opportunity_lost"
        stages.recycle(context, _given_back(context, activity, known, lost=lost), _words(activity), lost=lost)
    elif to:
        stages.come_to(context, to, _words(activity))


def _next(stage: str, kind: str, activity: Activity) -> str:
    """The stage that follows, "" if none: by the table of [rules: stages]."""
    match kind:
        case "opportunity_won":
            return "" if stage == "customer" else "customer"
        case "opportunity_created":
            return "" if stage in ("sql", "customer") else "sql"
        case "sales_qualified":
            return "sql" if stage in ("mql", "sal") else ""
        case "sales_rejected" | "opportunity_lost":
            return "recycled" if stage in stages.WORKED else ""
    connected = kind == "call_attempt" and not _missed(activity)
    return "sal" if stage == "mql" and (kind in _ACCEPTING or connected) else ""


def _given_back(context: Context, activity: Activity, reason: str | None, *, lost: bool) -> GivenBack:
    """How a lead comes back from sales, in whose name and words."""
    return GivenBack(
        at=context.now,
        left=context.state.stage,
        reason=reason or "",
        by=str(activity.properties.get("by") or ""),
        note=str(activity.properties.get("note") or ""),
        after="after a deal that was lost" if lost else "",
    )


def _explained(context: Context, activity: Activity) -> GivenBack:
    """How a lead came back, with the reason that is given now; who gave it back, and in which words, stays said."""
    now = _given_back(context, activity, str(activity.properties["reason"]), lost=False)
    before = context.state.given_back
    if before is None:
        return now
    return replace(before, reason=now.reason, by=before.by or now.by, note=now.note or before.note)


def _words(activity: Activity) -> str:
    detail = activity.properties.get("reason") or activity.properties.get("outcome")
    what = activity.type.replace("_", " ")
    return f"{what}: {str(detail).replace('_', ' ')}" if detail else what


def _called(context: Context, activity: Activity) -> None:
    state = context.state
    if not _missed(activity):
        state.attempts, state.first_attempt = 0, None
    elif state.stage in stages.WORKED and not _same_call(context, activity):
        state.attempts += 1
        state.first_attempt = state.first_attempt if state.first_attempt is not None else context.now
        context.wake(stages.unreached_due(context))


def _same_call(context: Context, activity: Activity) -> bool:
    """Whether this is the attempt that was counted just before: whoever tried sets the record's status beside it."""
    before, by_status = context.state.attempted, _by_status(activity)
    context.state.attempted = (context.now, by_status)
    return before is not None and context.now - before[0] <= _ONE_CALL and before[1] is not by_status


def _refused(context: Context, activity: Activity) -> None:
    """A rejection without a reason that the vocabulary has moves nothing; somebody is asked for the reason."""
    if context.state.stage in stages.WORKED:
        given = str(activity.properties.get("reason") or "")
        missing_reasons.note(context, given, at_once=not _by_status(activity))


def _by_status(activity: Activity) -> bool:
    """Whether the status of the lead's record said so, and neither a task nor a call."""
    return activity.properties.get("by_status") is True


def set_in_crm(context: Context, fields: Mapping[str, Value]) -> None:
    """What a person set in the CRM: the stage, a reason for it, and whether the lead has opted out."""
    out = fields.get("opted_out") is True
    if out:
        suppression.silence(context, "flag", "opted out in the CRM")
    stage = fields.get("stage")
    if stage in STAGES and isinstance(stage, str):
        suppression.choose(context, stage, "set by a person in the CRM")
    if fields.get("rejection_reason") and stages.unexplained(context):
        reason = Activity(
            id=context.cause,
            lead=context.state.lead,
            at=context.now,
            type="sales_rejected",
            properties={"reason": fields["rejection_reason"]},
        )
        hear(context, reason)
    if "opted_out" in fields and not out:
        suppression.lift(context, "flag", "opted in again in the CRM")


def said_by_status(context: Context, change: LeadChanged) -> Activity | None:
    """What sales says of a lead by the status of its record, as the activity that it is; None where it says nothing.

    What a record said already when it was first read is no answer.
    """
    said = change.fields.get("sales_answer")
    if (
        not isinstance(said, str)
        or change.initial
        or said not in context.playbook.vocabulary.lead["sales_answer"].choices
    ):
        return None
    kind, told = said_by(said)
    reason = context.read("rejection_reason") if kind == "sales_rejected" else None
    properties = {**told, "by_status": True, **({"reason": reason} if reason else {})}
    return Activity(id=change.id, lead=context.state.lead, at=change.at, type=kind, properties=properties)
