"""The expected result of a chaos run: the engine run over what was sent, lead by lead, from the beginning."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.effects import TaskWanted
from integration.core.model.events import Event
from integration.core.model.state import newborn
from integration.core.run.account_signals import observe, unseen
from integration.core.run.apply_events import advance
from integration.core.run.decide import order
from integration.core.run.standing import standing
from integration.core.scoring.machines import marked
from integration.flows.delivering.write_decisions import as_fields
from mappings.model.canonical import MOVING, Activity, Value
from mappings.values.identifiers import AccountId, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Where a lead must stand, all effects that must have been decided, and its handoff tasks among them."""

    lead: LeadId
    fields: Mapping[str, Value]
    effects: frozenset[str]
    handoffs: frozenset[str]


def expected(compiled: CompiledPlaybook, lead: LeadId, events: Sequence[Event], now: Instant) -> Expected:
    """Apply one lead's events in order."""
    told_apart = marked(compiled.playbook.vocabulary.machine, sorted(events, key=order))
    decision = advance(compiled, newborn(lead), told_apart, now)
    where = as_fields(standing(compiled, decision.state, now), now)
    fields = {name: value for name, value in where.items() if name not in MOVING}
    return Expected(
        lead=lead,
        fields=fields,
        effects=frozenset(effect.key for effect in decision.effects),
        handoffs=frozenset(
            effect.key
            for effect in decision.effects
            if isinstance(effect, TaskWanted) and effect.play == compiled.playbook.handoff.play
        ),
    )


def derived(compiled: CompiledPlaybook, sent: Sequence[Activity], homes: Mapping[LeadId, AccountId]) -> list[Activity]:
    """What the people of each account did together, as derived activities of each; ids as they are stored."""
    by_account: defaultdict[AccountId, list[Activity]] = defaultdict(list)
    for activity in sent:
        home = homes.get(LeadId(activity.lead))
        if home:
            by_account[home].append(activity)
    found: list[Activity] = []
    for account, some in by_account.items():
        state = unseen(account)
        for each in marked(compiled.playbook.vocabulary.machine, sorted(some, key=order)):
            if isinstance(each, Activity):
                state, new = observe(compiled, state, each, lambda _lead: 0)
                found += new
    return [each._replace(id=f"derived:{each.id}", account="", derived=True) for each in found]
