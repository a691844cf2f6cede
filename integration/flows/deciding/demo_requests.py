"""Demo requests: who asks for a demo is handed over at once, whatever has kept their handoff back until then.

An MQL whose handoff waits for its turn (a changed gate lets so many through in an hour, and so does going live), or was
recorded and withheld (it is history, or its rules were published quietly), has an open handoff without a task that
sales could see. A demo request opens no second one [rules: stages]: the tasks of the first go out, due from now on,
once by their keys.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection as Sql

from integration.core.model import effect_keys
from integration.core.model.effects import TaskWanted
from integration.core.model.state import LeadState
from integration.core.run.playbook_change import as_of, passes
from integration.flows.base.service import Deriving
from integration.flows.deciding.decision_plan import Outcome
from integration.flows.delivering.write_decisions import as_task, home
from integration.store.events import withheld_handoffs
from integration.store.events.withheld_handoffs import Withheld
from integration.store.outgoing.outbox import NewOnce
from integration.store.people import record_references
from mappings.model.canonical import Activity
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import DAY, Instant, Span

LATELY: Span = DAY
"""A request that was delivered later than this is not news: sales is not told as if it had been made now."""


def hand_over(conn: Sql, service: Deriving, outcomes: Sequence[Outcome], now: Instant) -> set[ConnectionName]:
    """Carry out what was kept back of the handoffs of those who ask for a demo now; where their tasks go."""
    asking = {each.row.id: each for each in outcomes if asks(service, each, now)}
    kept = withheld_handoffs.kept_back(conn, asking, now) if asking else []
    known = record_references.of_leads(conn, {each.lead_id for each in kept})
    wanted: defaultdict[ConnectionName, list[NewOnce]] = defaultdict(list)
    for each in kept:
        state = asking[each.lead_id].decision.state
        names = {reference.connection for reference in known.get(each.lead_id, ())}
        there = home(service.connections, names)
        if there is not None and _of_open_handoff(service, state, each):
            wanted[there].append(_row(service, state, each, now))
    for name, rows in wanted.items():
        withheld_handoffs.carry_out(conn, name, rows, now)
    return set(wanted)


def asks(service: Deriving, outcome: Outcome, now: Instant) -> bool:
    """Whether an MQL asked for a demo just now, in something that no decision has seen, and nothing bars them."""
    new = {
        deed.key
        for deed in outcome.past.unseen
        if not deed.derived and deed.source not in service.connections and deed.at >= now - LATELY
    }
    compiled = service.rules.compiled
    return any(
        isinstance(event, Activity)
        and event.id in new
        and not event.machine
        and compiled.dispatch.meaning(event.type, event.properties).demo
        for event in outcome.past.events
    ) and passes(compiled, outcome.decision.state, outcome.past.events, now)


def _of_open_handoff(service: Deriving, state: LeadState, task: Withheld) -> bool:
    play = service.rules.playbook.handoff.play
    opening = state.plays.get(play)
    step = effect_keys.play_step(effect_keys.cause(task.key))
    root = service.rules.compiled.dispatch.root("play", play)
    return (
        opening is not None and opening.open and step is not None and (step.play, step.times) == (root, opening.times)
    )


def _row(service: Deriving, state: LeadState, task: Withheld, now: Instant) -> NewOnce:
    """The task in the words, and with the due time, of now."""
    wanted = TaskWanted(key=task.key, lead=task.lead_id, at=task.at, because=task.because, **task.payload)
    return NewOnce(
        key=task.key, lead_id=task.lead_id, payload=as_task(as_of(service.rules.compiled, state, wanted, now))
    )
