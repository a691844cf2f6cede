"""How an activity of sales or of the lead moves the stage, by the table of [rules: stages]."""

from collections.abc import Mapping

from integration.core.compiled.context import Context
from integration.core.funnel import stages, suppression
from integration.core.handoff import packet, plays
from integration.core.model.effect_keys import key
from integration.core.model.effects import AlertRaised
from mappings.model.canonical import STAGES, Activity, Value

_ACCEPTING = frozenset({"sales_accepted", "meeting_booked"})
_SILENCING = frozenset({"unsubscribe", "decline", "spam_complaint"})

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
    if kind in plays.ANSWERS and plays.answered(context):
        context.state.paused = max(context.state.paused or context.now, context.now + context.playbook.answer_pause)
    if kind == "call_attempt":
        _called(context, activity)
    reason = activity.properties.get("reason")
    known = str(reason) if reason in context.playbook.vocabulary.reasons else None
    if kind == "sales_rejected" and known is None:
        _refused(context, activity)
        return
    to = _next(context.state.stage, kind, activity)
    if to == "recycled":
        stages.recycle(context, known, _words(activity), lost=kind == "opportunity_lost")
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
    connected = kind == "call_attempt" and activity.properties.get("outcome") == "connected"
    return "sal" if stage == "mql" and (kind in _ACCEPTING or connected) else ""


def _words(activity: Activity) -> str:
    detail = activity.properties.get("reason") or activity.properties.get("outcome")
    what = activity.type.replace("_", " ")
    return f"{what}: {str(detail).replace('_', ' ')}" if detail else what


def _called(context: Context, activity: Activity) -> None:
    state = context.state
    if activity.properties.get("outcome") == "connected":
        state.attempts, state.first_attempt = 0, None
    elif state.stage in stages.WORKED:
        state.attempts += 1
        state.first_attempt = state.first_attempt if state.first_attempt is not None else context.now
        context.wake(stages.unreached_due(context))


def _refused(context: Context, activity: Activity) -> None:
    state = context.state
    if state.stage not in stages.WORKED:
        return
    reasons = ", ".join(context.playbook.vocabulary.reasons)
    state.alerts["rejection"] = number = state.alerts.get("rejection", 0) + 1
    context.effects.append(
        AlertRaised(
            key=key(state.lead, "alert", "rejection_without_reason", number),
            lead=state.lead,
            at=context.now,
            because=(f"sales rejected with reason {activity.properties.get('reason') or 'none'!s}",),
            alert="rejection_without_reason",
            text=f"{packet.who(context)} was rejected without a known reason; give one of {reasons}",
        )
    )


def set_in_crm(context: Context, fields: Mapping[str, Value]) -> None:
    """What a person set in the CRM: the stage, and whether the lead has opted out."""
    out = fields.get("opted_out") is True
    if out:
        suppression.silence(context, "flag", "opted out in the CRM")
    stage = fields.get("stage")
    if stage in STAGES and isinstance(stage, str):
        suppression.choose(context, stage, "set by a person in the CRM")
    if "opted_out" in fields and not out:
        suppression.lift(context, "flag", "opted in again in the CRM")
