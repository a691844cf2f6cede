"""Merged tasks: what becomes of the tasks of two leads that are one person, before that person is decided anew."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection

from integration.core.model import effect_keys
from integration.store.assigning import carried_tasks
from integration.store.assigning.carried_tasks import CARRIED_BY, LeadTask
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


def settle(conn: Connection, loser: LeadId, winner: LeadId, same: Collection[str], at: Instant) -> list[str]:
    """The keys of the loser's tasks that go, since the winner has the same: of these effects, those that are tasks.

    What was only recorded for the winner is no task. What had joined a task that goes joins the winner's, which is
    rewritten for it. That all others were tasks of their own until now is noted, once, where both leads have some: the
    history of both would have one join the other. The winner has to be marked as dirty.
    """
    tasks = carried_tasks.of_leads(conn, [loser, winner])
    theirs, ours = tasks.get(loser, ()), tasks.get(winner, ())
    has = {effect_keys.cause(task.key) for task in ours if task.state in {"new", "sent"}}
    twins = [key for key in same if effect_keys.cause(key) in has]
    joining = [(task, str(task.payload[CARRIED_BY])) for task in theirs if CARRIED_BY in task.payload]
    again = [(task, effect_keys.moved(by, winner)) for task, by in joining if by in twins and task.key not in twins]
    carried_tasks.rejoin(conn, again, at)
    own, other = _alone([task for task in theirs if task.key not in twins]), _alone(ours)
    if own and other:
        note_own(conn, [(task, winner) for task in (*own, *other)])
    return twins


def _alone(tasks: Sequence[LeadTask]) -> list[LeadTask]:
    """Those of plays that are, or are about to be, tasks of their own."""
    return [
        task for task in tasks if (task.stands or task.waits) and effect_keys.play_step(effect_keys.origin(task.key))
    ]


def note_own(conn: Connection, tasks: Iterable[tuple[LeadTask, LeadId]]) -> None:
    """(task, its lead) of tasks of their own, which the history of the lead has join another: that becomes a fact.

    Their leads have to be marked as dirty before.
    """
    activities.add(conn, [_own(task, lead) for task, lead in tasks])


def _own(task: LeadTask, lead: LeadId) -> NewActivity:
    cause = effect_keys.origin(task.key)
    return NewActivity(
        key=f"carried:{task.key}:{cause}",
        lead_id=lead,
        at=int(task.payload.get("at", task.created_at)) + 1,
        type="task_carried",
        properties={"task": cause, "by": cause},
        source="coldframe",
    )
