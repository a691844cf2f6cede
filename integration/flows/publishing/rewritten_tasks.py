"""Rewritten tasks: which of the effects that would be carried out make no task, since an open one carries them."""

from collections.abc import Sequence

from sqlalchemy import Connection as Sql

from integration.core.model import effect_keys
from integration.core.model.effects import Effect, Escalated, TaskWanted
from integration.flows.delivering.joining.carriers import carrier
from integration.store.assigning import carried_tasks


def carried(conn: Sql, effects: Sequence[Effect]) -> set[str]:
    """The keys of those of these effects that a task carries which is open, or is among them. Reads only."""
    joining = [each for each in effects if isinstance(each, TaskWanted | Escalated) and each.joins]
    tasks = carried_tasks.of_leads(conn, {each.lead for each in joining})
    own = {
        (each.lead, effect_keys.origin(each.key)) for each in effects if isinstance(each, TaskWanted) and not each.joins
    }
    found: set[str] = set()
    for each in joining:
        place = each.lead, effect_keys.origin(each.joins)
        if place in own or carrier(tasks.get(each.lead, ()), each.joins) is not None:
            found.add(each.key)
        else:
            own.add(place)  # it would stand by itself, and the next one would join it
    return found
