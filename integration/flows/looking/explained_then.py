"""Explained then: why a lead stood where it stood at an instant, by the rules that were in force then. Reads only.

The signals of its account are derived by those rules as well, whatever is stored of them by later ones.
"""

from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from integration.core.model.events import Event
from integration.core.run.decide import order
from integration.flows.base.running_playbook import at_that_time
from integration.flows.base.service import Derived
from integration.flows.history.find_explanation import explained
from integration.flows.people.derive_account_signals import derived_activity, signals
from integration.playbook.explaining.explanation import Explanation
from integration.store.events.playbook_versions import Version
from integration.store.people.leads import LeadRow
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedThen:
    """A lead, why it stood there, and by which version; None where the service has none yet."""

    row: LeadRow
    explanation: Explanation
    version: Version | None

    @property
    def before_any(self) -> bool:
        """Whether no rules were in force yet: the first that were explain it."""
        return self.version is None or self.version.at > self.explanation.at


def explained_then(service: Derived, name: str, moment: Instant) -> ExplainedThen | None:
    """The lead called `name` at an instant; None if nobody is.

    Raises OutdatedError, Unfoldable, and ValueError where a name is several people's.
    """
    then = at_that_time(service, moment)

    def by_then(conn: Sql, row: LeadRow, events: list[Event]) -> list[Event]:
        if not row.account_id or row.version == then.rules.number:
            return events
        found = signals(conn, then, [row.account_id], then.now())
        new = [each for each in map(derived_activity, found.new) if each.lead == row.id]
        return sorted([*(event for event in events if event.id not in found.stale), *new], key=order)

    found = explained(
        then.store,
        then.rules.compiled,
        name,
        moment,
        then.ownership,
        connections=then.connections,
        by_then=by_then,
    )
    return None if found is None else ExplainedThen(row=found[0], explanation=found[1], version=then.rules.version)
