"""Kept handoffs: tasks of a lead's open handoff that nobody in sales has seen, and how they go out after all.

They were recorded and withheld, or wait for their turn. What survives a crash: each goes out once by its key.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection as Sql

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model import effect_keys
from integration.core.model.effects import TaskWanted
from integration.core.model.state import LeadState
from integration.core.run.playbook_change import as_of
from integration.flows.base.service import Deriving
from integration.flows.delivering.write_decisions import as_task, home
from integration.store.events import withheld_handoffs
from integration.store.events.withheld_handoffs import Withheld
from integration.store.outgoing.outbox import NewOnce
from integration.store.people import record_references
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant


class Due(NamedTuple):
    """Of one lead: where it stands, its tasks, from when on they may be made, and the time they are written as of."""

    state: LeadState
    tasks: Sequence[TaskWanted]
    not_before: Instant
    as_of: Instant


def of_open_handoff(compiled: CompiledPlaybook, state: LeadState, kept: Iterable[Withheld]) -> tuple[TaskWanted, ...]:
    """Those of these tasks that are the lead's last handoff's; none where sales has answered."""
    play = compiled.playbook.handoff.play
    opening = state.plays.get(play)
    if opening is None or not opening.open:
        return ()
    here = compiled.dispatch.root("play", play), opening.times
    return tuple(
        TaskWanted(key=each.key, lead=each.lead_id, at=each.at, because=each.because, **each.payload)
        for each in kept
        if (step := effect_keys.play_step(effect_keys.cause(each.key))) and (step.play, step.times) == here
    )


def carry_out(conn: Sql, service: Deriving, due: Sequence[Due], now: Instant) -> set[ConnectionName]:
    """Let these tasks go out, in the words and with the due times of their time; the connections they go to."""
    known = record_references.of_leads(conn, {each.state.lead for each in due})
    wanted: defaultdict[ConnectionName, list[NewOnce]] = defaultdict(list)
    for each in due:
        there = home(service.connections, {record.connection for record in known.get(each.state.lead, ())})
        if there is not None:
            wanted[there] += [_row(service, each, task) for task in each.tasks]
    for name, rows in wanted.items():
        withheld_handoffs.carry_out(conn, name, rows, now)
    return {name for name, rows in wanted.items() if rows}


def _row(service: Deriving, due: Due, task: TaskWanted) -> NewOnce:
    written = as_of(service.rules.compiled, due.state, task, due.as_of)
    return NewOnce(key=task.key, lead_id=task.lead, payload=as_task(written), not_before=due.not_before)
