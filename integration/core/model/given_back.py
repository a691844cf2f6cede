"""How sales gave a lead back: part of its state."""

from dataclasses import dataclass

from mappings.values.instant import Instant


@dataclass(slots=True, kw_only=True)
class GivenBack:
    """How sales gave a lead back the last time: when, from which stage, why ("" unknown), who it was, in which words.

    `after` says what made it so where nobody in sales did: so many attempts, a deal that was lost.
    """

    at: Instant
    left: str
    reason: str = ""
    by: str = ""
    note: str = ""
    after: str = ""


@dataclass(slots=True, kw_only=True)
class Unexplained:
    """Sales gave the lead back without a reason: since when, whether an alert said so, whether somebody was asked.

    `until` is when whoever was asked has to have answered.
    """

    at: Instant
    alerted: bool = False
    asked: bool = False
    until: Instant | None = None
