"""Decision plan: what of a batch's decisions is carried out, and what is only recorded, and why. Reads, never writes.

What lies before the service was live (history_or_live.py), what a changed playbook finds in the past
(playbook_changes.py) and what comes too late is recorded and not carried out. The same plan is made before a version of
the rules is published, to say what it would do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.core.model.effects import Effect
from integration.core.run import lateness
from integration.core.run.decide import Decision
from integration.flows.base import history_or_live
from integration.flows.base.service import Deriving, HasGoingLive
from integration.flows.deciding import playbook_changes
from integration.flows.deciding.playbook_changes import Handovers
from integration.flows.history.lead_events import History
from integration.store.events import decided_effects
from integration.store.events.live_since import CHANGED, HISTORY, Live
from integration.store.people import leads
from integration.store.people.checkpoints import Kept
from integration.store.people.leads import LeadRow
from mappings.model.canonical import Activity, Fields
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


class Planning(Deriving, HasGoingLive, Protocol):
    """What a plan takes: what states are computed with, and how fast work may be handed out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was decided about one lead: from what, and what of it is stored."""

    row: LeadRow
    past: History
    decision: Decision
    fields: Fields
    saved: leads.SavedLead
    asked: Activity | None
    """What they did by which a CRM is to create them, where no CRM knows them and nothing bars it."""
    answered: Sequence[str]
    """The keys of tasks that an answer of sales has made pointless since the decision before."""

    kept: Kept
    """What becomes of the lead's checkpoints."""
    former: Decision | None = None
    """What followed from the checkpoint that it was derived from, by what was known before."""

    @property
    def again(self) -> bool:
        """Whether something of the past was decided about again: from the beginning, or from a checkpoint."""
        return self.whole or self.former is not None

    @property
    def whole(self) -> bool:
        """Whether it was derived from the beginning, so that the decision holds everything that ever followed."""
        return self.past.state is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every effect of a batch, in order; by key, why an effect is only recorded; and who passes the gate now."""

    decided: Sequence[Effect]
    withheld: Mapping[str, str]
    handed: Handovers


def plan(  # noqa: PLR0913, PLR0917 - what was decided, and what is known of when
    conn: Sql, service: Planning, outcomes: Sequence[Outcome], live: Live, free: Instant, now: Instant
) -> Plan:
    """What becomes of what was decided, where the service is live since `live`.

    `free` is when the next lead may be handed over that passes a changed gate.
    """
    anew = [each for each in outcomes if each.row.stage is not None and each.row.version != service.rules.number]
    again = [(each.row, each.past, each.decision) for each in anew]
    handed = playbook_changes.handovers(conn, service, again, free, now)
    decided = [
        handed.tasks[effect.key].task if effect.key in handed.tasks else effect
        for outcome in outcomes
        for effect in outcome.decision.effects
    ]
    former = playbook_changes.live_from(service, [(each.row, each.past) for each in anew])
    withheld = _withheld(conn, service, outcomes, decided, former, live, now)
    return Plan(
        decided=decided,
        withheld={key: why for key, why in withheld.items() if key not in handed.tasks},
        handed=handed,
    )


def _withheld(  # noqa: PLR0913, PLR0917 - what was decided, and every reason not to carry it out
    conn: Sql,
    service: Planning,
    outcomes: Sequence[Outcome],
    decided: Sequence[Effect],
    former: Mapping[LeadId, Instant],
    live: Live,
    now: Instant,
) -> dict[str, str]:
    """Why, by key, effects are only recorded: they come too late, are history, or the former playbook's."""
    states = {outcome.row.id: outcome.decision.state for outcome in outcomes}
    past = history_or_live.history(conn, service, live, decided, states, former)
    changed = {effect.key for effect in decided if effect.lead in former and effect.at < former[effect.lead]}
    return {**_too_late(conn, decided, now), **dict.fromkeys(past, HISTORY), **dict.fromkeys(changed, CHANGED)}


def _too_late(conn: Sql, decided: Sequence[Effect], now: Instant) -> dict[str, str]:
    """Why effects are withheld that would be carried out too late: see the core's lateness."""
    causes = lateness.causes(decided)
    told = dict.fromkeys(causes.intersection(effect.key for effect in decided), now)
    told.update(decided_effects.decided(conn, causes) if causes else {})
    return {effect.key: lateness.TOO_LATE for effect in decided if lateness.too_late(effect, now, told)}
