"""What is noted of an activity at once, before anything else follows from it."""

from collections.abc import Callable

from integration.core.compiled.context import Context
from integration.core.funnel import unanswered
from integration.core.handoff import plays, sla_clocks
from integration.core.model.state import LeadState
from integration.core.nurture import profiling, touches
from integration.core.scoring import scores
from mappings.model.canonical import FOUND_OUT, Activity, Fields, Value

_COLLEAGUES = 5


def _note_colleagues(context: Context, activity: Activity) -> None:
    colleagues, people = context.state.colleagues, activity.properties.get("people")
    document = str(activity.properties.get("document") or "a document")
    colleagues.pop(document, None)
    colleagues[document] = (people if isinstance(people, int) else 2, activity.at)
    while len(colleagues) > _COLLEAGUES:
        del colleagues[next(iter(colleagues))]


def _note_deal(context: Context, activity: Activity) -> None:
    """A deal began or ended: what is counted from then."""
    context.state.deals["created_at" if activity.type == "opportunity_created" else "closed_at"] = activity.at
    if context.table.dates:
        context.wake(context.now)


def note_found_out(state: LeadState, told: Fields, *, answer: bool) -> None:
    """Of which fields an answer of sales is the last word now. Whoever repeats what is known takes nothing away.

    Call it before the lead's fields take the new values.
    """
    for name in FOUND_OUT:
        if name not in told:
            continue
        if answer and told[name] is not None:
            state.found_out = [*(each for each in state.found_out if each != name), name]
        elif state.fields.get(name) != told[name]:
            state.found_out = [each for each in state.found_out if each != name]


def found_out(activity: Activity) -> dict[str, Value]:
    """What sales found out and gave with its answer; a blank says nothing."""
    return {name: value for name in FOUND_OUT if (value := activity.properties.get(name)) not in {None, ""}}


def learn(context: Context, activity: Activity) -> bool:
    """The lead is known by what an answer of sales says from then on, and scored by it; whether that is new."""
    told = found_out(activity)
    if all(context.state.fields.get(name) == value for name, value in told.items()):
        return False
    context.state.fields.update(told)
    scores.refit(context)
    return True


def _learn(context: Context, activity: Activity) -> None:
    """What sales found out and gave with its answer is known of the lead from then on; a blank takes nothing away."""
    note_found_out(context.state, found_out(activity), answer=True)
    if not learn(context, activity):
        return
    context.wake(context.now)
    profiling.go_on(context)


def _close(context: Context, activity: Activity) -> None:
    _learn(context, activity)
    plays.shut(context, activity)
    unanswered.closed(context, activity)


def _give(context: Context, activity: Activity) -> None:
    sla_clocks.given(context, activity)
    plays.given_anew(context, activity)


TEACHING = plays.ANSWERS | {"task_closed"}
"""Types of activities that may say what sales found out."""

NOTED_AT_ONCE: dict[str, Callable[[Context, Activity], None]] = {
    "email_open": touches.opened,
    "email_click": touches.opened,
    "email_bounce": touches.came_back,
    "internal_sharing": _note_colleagues,
    "opportunity_created": _note_deal,
    "opportunity_lost": _note_deal,
    "opportunity_won": _note_deal,
    **dict.fromkeys(plays.ANSWERS, _learn),
    "task_carried": plays.carried,
    "task_closed": _close,
    "task_given": _give,
}
"""What is noted of an activity before anything else follows from it."""
