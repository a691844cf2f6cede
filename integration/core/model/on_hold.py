"""On hold: a person keeps a lead from sales and from nurture e-mails until a time."""

from dataclasses import dataclass

from mappings.values.instant import Instant


@dataclass(slots=True, kw_only=True)
class OnHold:
    """Until when, and who wants it why. What cannot wait for ever is remembered, and done when the hold ends."""

    until: Instant
    by: str
    reason: str
    asked: bool = False
    """The lead asked for a demo meanwhile."""
    handoff: str = ""
    """Why it became an MQL meanwhile, whose handoff waits; "" if it did not."""
