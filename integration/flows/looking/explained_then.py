"""Explained then: why a lead stood where it stood at an instant, by the rules that were in force then. Reads only.

The signals of its account are derived by those rules as well, whatever is stored of them by later ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection as Sql

from integration.core.model.events import Event
from integration.core.run.decide import order
from integration.flows.base.running_playbook import at_that_time
from integration.flows.base.service import Derived
from integration.flows.history.find_explanation import explained
from integration.flows.levels.split_times import TimedRun, split_times
from integration.flows.people.derive_account_signals import signals
from integration.flows.people.signal_activities import derived_activity
from integration.playbook.explaining.explanation import Explanation
from integration.store.assigning import clock_runs
from integration.store.assigning.clock_runs import ClockRun
from integration.store.events.playbook_versions import Version
from integration.store.people.leads import LeadRow
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedThen:
    """A lead, why it stood there, and by which version; None where the service has none yet."""

    row: LeadRow
    explanation: Explanation
    version: Version | None
    levels: Sequence[TimedRun] = ()
    """Every run of a clock that had begun by then, and how its time split."""

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
    if found is None:
        return None
    with then.store.read() as conn:
        runs = [_as_of(run, moment) for run in clock_runs.of_leads(conn, [found[0].id]) if run.started_at <= moment]
        levels = split_times(conn, then.rules.playbook, [run for run in runs if run.withheld is None], moment)
    return ExplainedThen(row=found[0], explanation=found[1], version=then.rules.version, levels=levels)


def _as_of(run: ClockRun, moment: Instant) -> ClockRun:
    """A run as it stood at an instant."""
    if run.ended_at is None or run.ended_at <= moment:
        return replace(run, breached=run.breached and run.due_at <= moment)
    return replace(run, ended_at=None, answer="", breached=run.due_at <= moment)
