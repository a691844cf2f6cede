"""On hold: a person keeps a lead from sales and from nurture e-mails until a time."""

from dataclasses import dataclass

from mappings.values.instant import Instant


@dataclass(slots=True, kw_only=True)
class Deferral:
    """Until when, who wants it, and why; what must not be lost is remembered, and done when it ends."""

    until: Instant
    by: str
    reason: str
    asked: bool = False
    """The lead asked for a demo meanwhile."""
    handoff: str = ""
    """Why it became an MQL meanwhile, whose handoff waits; "" if it did not."""
