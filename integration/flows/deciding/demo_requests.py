"""Demo requests: who asks for a demo is handed over at once, whatever has kept their handoff back until then.

An MQL whose handoff waits for its turn (a changed gate lets so many through in an hour, and so does going live), or was
recorded and withheld (it is history, or its rules were published quietly), has an open handoff without a task that
sales could see. A demo request opens no second one [rules: stages]: the tasks of the first go out, due from now on,
once by their keys. Whatever task waits about who asks is sent before all others. Where the handoff is forgotten by
then, a new one begins, and what still waited of the former is not made.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection as Sql

from integration.core.model.effect_keys import cause, play_step
from integration.core.model.effects import Effect, TaskWanted
from integration.core.run.playbook_change import passes
from integration.flows.base.service import Deriving
from integration.flows.deciding.decision_plan import Outcome
from integration.flows.deciding.kept_handoffs import Due, carry_out, of_open_handoff
from integration.flows.deciding.playbook_changes import delivered
from integration.store.events import withheld_handoffs
from integration.store.events.withheld_handoffs import Withheld
from integration.store.outgoing import outbox, pointless_tasks
from mappings.model.canonical import Activity
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import DAY, Instant, Span

LATELY: Span = DAY
"""A request that was delivered later than this makes no task: it would look as if it had been made now."""


def hand_over(conn: Sql, service: Deriving, outcomes: Sequence[Outcome], now: Instant) -> set[ConnectionName]:
    """Carry out what was kept back of the handoffs of those who ask for a demo now; where their tasks go."""
    asking = {each.row.id: each for each in outcomes if asks(service, each, now)}
    kept: defaultdict[LeadId, list[Withheld]] = defaultdict(list)
    for task in withheld_handoffs.kept_back(conn, asking, now) if asking else ():
        kept[task.lead_id].append(task)
    states = {lead: asking[lead].decision.state for lead in kept}
    compiled = service.rules.compiled
    due = [Due(state, of_open_handoff(compiled, state, kept[lead]), 0, now) for lead, state in states.items()]
    wanted = carry_out(conn, service, due, now)
    if asking:
        outbox.first(conn, asking)
    return wanted


def overtaken(conn: Sql, service: Deriving, fresh: Sequence[Effect]) -> None:
    """Whoever asks again after a handoff was forgotten has a new one: what still waited of the former is not made."""
    play = service.rules.playbook.handoff.play
    openings: dict[LeadId, tuple[str, int]] = {}
    for each in fresh:
        step = play_step(cause(each.key)) if isinstance(each, TaskWanted) and each.play == play else None
        if step is not None and step.times > 1:
            openings[each.lead] = step.play, step.times
    pointless_tasks.drop_overtaken(conn, openings)


def asks(service: Deriving, outcome: Outcome, now: Instant) -> bool:
    """Whether an MQL asked for a demo just now, in something that no decision has seen, and nothing bars them."""
    new = {deed.key for deed in delivered(service, outcome.past) if deed.at >= now - LATELY}
    compiled = service.rules.compiled
    return any(
        isinstance(event, Activity)
        and event.id in new
        and not event.machine
        and compiled.dispatch.meaning(event.type, event.properties).demo
        for event in outcome.past.events
    ) and passes(compiled, outcome.decision.state, outcome.past.events, now)
