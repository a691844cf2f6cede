"""By hand: what a person decides in Coldframe: a lead is on hold, or not any more, handed over, or suppressed.

Each is an activity of the lead's history, so that deriving the lead anew gives the same. While a lead is on hold, no
task about it and no touch of it goes out; it is scored, and what sales does counts. When the hold ends, a lead that
passes the gate is handed over, clocks that run begin anew, and touches go on.
"""

from collections.abc import Iterator

from integration.core.compiled.context import Context
from integration.core.funnel import gate, stages, suppression
from integration.core.handoff import conversations, plays, sla_clocks
from integration.core.handoff.last_time import last_time
from integration.core.model.deferral import Deferral
from integration.core.model.state import LeadState
from mappings.model.canonical import Activity
from mappings.values.instant import Instant, parse

HOLD, END_HOLD, HAND_OVER, SUPPRESS = "lead_held", "hold_ended", "handed_over", "lead_suppressed"
DECIDED = frozenset({HOLD, END_HOLD, HAND_OVER, SUPPRESS})
"""Types of the activities by which people decide."""


def hear(context: Context, activity: Activity) -> None:
    """Do what a person decided. What is not possible any more by then changes nothing."""
    by, reason = (str(activity.properties.get(name) or "") for name in ("by", "reason"))
    match activity.type:
        case "lead_held":
            _defer(context, _time(activity.properties.get("until")), by, reason)
        case "hold_ended":
            end_deferral(context)
        case "handed_over":
            _hand_over(context, by, reason)
        case "lead_suppressed":
            suppression.silence(context, "here", f"suppressed by {by or 'a person'}: {reason}")


def ends_at(state: LeadState) -> Instant | None:
    """Until when a lead is on hold; None where it is not."""
    return state.deferral.until if state.deferral is not None else None


def end_deferral(context: Context) -> None:
    """The lead is on hold no longer: what waited for that follows, as far as it is still due."""
    state, hold = context.state, context.state.deferral
    state.deferral = None
    if hold is None or context.silent:
        return
    sla_clocks.begin_anew(context)
    context.wake(context.now)
    if state.stage in gate.GATED:
        gate.after_deferral(context, asked=hold.asked)
    elif state.stage == "mql" and hold.handoff:
        plays.begin(context, context.playbook.handoff.play, hold.handoff, before=last_time(context))
    elif state.stage == "mql" and hold.asked:
        gate.ask_again(context)


def obstacle(context: Context) -> str:
    """Why a lead cannot be handed over by hand now, as the end of a sentence about it; "" where it can."""
    return next(_obstacles(context), "")


def _obstacles(context: Context) -> Iterator[str]:
    stage, talks = context.state.stage, context.state.conversations
    if context.silent:
        yield "is suppressed: nobody is to contact them"
    elif stage not in {*gate.GATED, "mql"}:
        yield "is in the hands of sales already"
    if context.excluded():
        yield "is excluded by the playbook: such people are never handed to sales"
    if context.table.barred(context):
        yield "is barred from sales by the playbook"
    if talks:
        yield f"has an open {'e-mail' if talks[0].channel == 'email' else 'call'} in sales already"
    if plays.is_open(context, context.playbook.handoff.play):
        yield "has an open handoff already"


def _defer(context: Context, until: Instant | None, by: str, reason: str) -> None:
    """Put the lead on hold; what an earlier deferral remembers is kept."""
    before = context.state.deferral
    if context.silent or until is None or until <= context.now:
        return
    hold = Deferral(until=until, by=by, reason=reason)
    if before is not None:
        hold.asked, hold.handoff = before.asked, before.handoff
    context.state.deferral = hold
    context.wake(until)


def _hand_over(context: Context, by: str, reason: str) -> None:
    """Hand the lead to sales as if it had passed the gate; missing fields are asked for, and delay nothing."""
    state = context.state
    if obstacle(context):
        return
    if state.deferral is not None:
        state.deferral = None
        sla_clocks.begin_anew(context)
    who = by or "a person"
    because, why = f"handed over by {who}: {reason}", f"Handed over by {who}: {reason}"
    if state.stage == "mql":
        play = context.playbook.handoff.play
        conversations.forget(context, context.table.root("play", play))
        plays.begin(context, play, because, why=why, before=last_time(context))
    else:
        stages.announce(context, because, why=why)


def _time(given: object) -> Instant | None:
    try:
        return parse(given) if isinstance(given, str) else None
    except (ValueError, OverflowError):
        return None
