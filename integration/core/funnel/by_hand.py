"""By hand: what a person decides about one lead in Coldframe: hold it, end the hold, hand it over, suppress it.

Each is an activity of the lead's history, so that deriving the lead anew gives the same. While a lead is on hold, no
task about it and no touch of it goes out; it is scored, and what sales does counts. When the hold ends, a lead that
passes the gate is handed over, clocks that run begin anew, and touches go on.
"""

from collections.abc import Iterator

from integration.core.compiled.context import Context
from integration.core.funnel import gate, stages, suppression
from integration.core.handoff import conversations, plays, sla_clocks
from integration.core.handoff.last_time import last_time
from integration.core.model.on_hold import OnHold
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
            _hold(context, _time(activity.properties.get("until")), by, reason)
        case "hold_ended":
            end_hold(context)
        case "handed_over":
            _hand_over(context, by, reason)
        case "lead_suppressed":
            suppression.silence(context, "here", f"suppressed by {by or 'a person'}: {reason}")


def ends_at(state: LeadState) -> Instant | None:
    """When the hold of a lead ends by itself; None where it is on none."""
    return state.on_hold.until if state.on_hold is not None else None


def end_hold(context: Context) -> None:
    """The hold is over: what it kept back follows, as far as it is still due."""
    state, hold = context.state, context.state.on_hold
    state.on_hold = None
    if hold is None or context.silent:
        return
    sla_clocks.begin_anew(context)
    context.wake(context.now)
    if state.stage in gate.GATED:
        gate.after_hold(context, asked=hold.asked)
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


def _hold(context: Context, until: Instant | None, by: str, reason: str) -> None:
    """A later hold takes the place of the one that stands, and keeps what that remembers."""
    before = context.state.on_hold
    if context.silent or until is None or until <= context.now:
        return
    hold = OnHold(until=until, by=by, reason=reason)
    if before is not None:
        hold.asked, hold.handoff = before.asked, before.handoff
    context.state.on_hold = hold
    context.wake(until)


def _hand_over(context: Context, by: str, reason: str) -> None:
    """Hand the lead to sales as if it had passed the gate: its missing fields are asked for, and hold nothing."""
    state = context.state
    if obstacle(context):
        return
    if state.on_hold is not None:
        state.on_hold = None
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
