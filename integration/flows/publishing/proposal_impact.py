"""Proposal impact: what a proposal would do now, for whoever shows it before it is published. Reads only."""

from collections.abc import Callable
from typing import Protocol

from integration.flows.base.service import HasCrms, changed
from integration.flows.publishing.impact import Impact, Proposing, impact
from integration.flows.publishing.proposals import Proposal
from integration.flows.publishing.rereading import Reread, reread
from integration.store.events.playbook_versions import Terms
from mappings.conflicts import field_conflicts


class Trying(Proposing, HasCrms, Protocol):
    """What a look ahead takes: what an impact does, and the connections."""


def unchanged(service: Trying, proposal: Proposal) -> bool:
    """Whether a proposal says what is in force."""
    return proposal.compiled.playbook.fingerprint == service.rules.playbook.fingerprint and not proposal.changes


def reread_by(service: Trying, proposal: Proposal, tell: Callable[[int], None]) -> Reread | None:
    """What changed mappings would read and write otherwise; None where no mapping would change. Raises Unavailable."""
    if not proposal.remaps:
        return None
    there = {**service.connections, **proposal.connections}.values()
    owners = field_conflicts.ownership(each.mapping for each in there)
    return reread(service, proposal.connections, owners, tell)


def impact_of(
    service: Trying, proposal: Proposal, terms: Terms, tell: Callable[[int, int], None], read: Reread | None
) -> Impact:
    """The impact of a proposal by these terms; `read` is what `reread_by` found."""
    then = changed(service, connections={**service.connections, **proposal.connections})
    return impact(then, proposal.compiled, terms, tell, read)
