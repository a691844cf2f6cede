"""Rewritten tasks: which of the effects that would be carried out make no task, since an open one carries them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection as Sql

from integration.core.model import effect_keys
from integration.core.model.effects import Effect, Escalated, TaskWanted
from integration.core.model.state import LeadState
from integration.flows.delivering.joining import standing_tasks
from integration.flows.delivering.joining.carriers import carrier
from integration.store.assigning import carried_tasks
from mappings.values.identifiers import LeadId


def carried(conn: Sql, effects: Sequence[Effect], states: Mapping[LeadId, LeadState]) -> set[str]:
    """The keys of those of these effects that a task carries which is open, or is among them. Reads only.

    `states` are the leads' as the proposed rules have them.
    """
    wanted = [each for each in effects if isinstance(each, TaskWanted | Escalated)]
    tasks = carried_tasks.of_leads(conn, {each.lead for each in wanted})
    found = {
        each.key
        for each in wanted
        if not each.joins and standing_tasks.made_late(states[each.lead], each.key, tasks.get(each.lead, ()))
    }
    own = {
        (each.lead, effect_keys.origin(each.key))
        for each in wanted
        if isinstance(each, TaskWanted) and not each.joins and each.key not in found
    }
    for each in (one for one in wanted if one.joins):
        place = each.lead, effect_keys.origin(each.joins)
        if place in own or each.joins in found or carrier(tasks.get(each.lead, ()), each.joins) is not None:
            found.add(each.key)
        else:
            own.add(place)  # it would stand by itself, and the next one would join it
    return found
