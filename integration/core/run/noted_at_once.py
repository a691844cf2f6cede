"""What is noted of an activity at once, before anything else follows from it."""

from collections.abc import Callable

from integration.core.compiled.context import Context
from integration.core.handoff import plays, sla_clocks
from integration.core.nurture import touches
from mappings.model.canonical import Activity

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


NOTED_AT_ONCE: dict[str, Callable[[Context, Activity], None]] = {
    "email_open": touches.opened,
    "email_click": touches.opened,
    "email_bounce": touches.came_back,
    "internal_sharing": _note_colleagues,
    "opportunity_created": _note_deal,
    "opportunity_lost": _note_deal,
    "opportunity_won": _note_deal,
    "task_closed": plays.shut,
    "task_given": sla_clocks.given,
}
"""What is noted of an activity before anything else follows from it."""
