"""Proposed signals: what proposed rules would derive from accounts' signals, beside what is stored. Reads only.

A publication derives accounts before leads, so that the signals are part of the leads' histories. An impact does the
same in memory, and holds only what would differ.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from integration.core.run.decide import order
from integration.flows.base.service import Derived
from integration.flows.history.lead_events import History
from integration.flows.people.derive_account_signals import BATCH, signals
from integration.flows.people.signal_activities import derived_activity
from integration.store.events import playbook_versions
from mappings.model.canonical import Activity
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

_NEVER = 0
"""A version that no account was derived under."""


@dataclass(frozen=True, slots=True)
class ProposedSignals:
    """By lead, derived activities that would be new; and the keys of those that would be no more."""

    new: Mapping[LeadId, list[Activity]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def of(self, lead: LeadId, past: History) -> History:
        """A lead's history as it would be."""
        new = self.new.get(lead, [])
        events = [each for each in past.events if each.id not in self.gone]
        if not new and len(events) == len(past.events):
            return past
        return replace(past, events=sorted([*events, *new], key=order))


def proposed(then: Derived, now: Instant) -> ProposedSignals:
    """Derive every account anew by the rules that the service has."""
    new: defaultdict[LeadId, list[Activity]] = defaultdict(list)
    gone: set[str] = set()
    after = ""
    while True:
        with then.store.read() as conn:
            ids = playbook_versions.accounts_after(conn, after, _NEVER, BATCH)
            if not ids:
                return ProposedSignals(dict(new), frozenset(gone))
            found = signals(conn, then, ids, now)
        gone.update(found.stale)
        for row in found.new:
            new[LeadId(row.lead_id or "")].append(derived_activity(row))
        after = ids[-1]
