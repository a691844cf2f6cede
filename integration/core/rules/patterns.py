"""Patterns over the activities of a lead, or of everybody at its account."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from integration.core.rules.conditions import Compare
from mappings.values.instant import DAY, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Activities of one of these types, all of whose tests pass (`subject` is a property's name)."""

    types: tuple[str, ...]
    where: tuple[Compare, ...] = ()


Signal: TypeAlias = tuple[Match, ...]
"""Any of these matches: what playbooks call `case study seen` is three forms of activity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A signal seen at least so often; with `distinct`, on so many different values of it.

    `distinct` is a property (`document`), `day` (a calendar day of the playbook's zone) or `asset` (whatever the
    activity was about: asset, document, webinar, form, event, url or page, the first that is named).
    """

    signal: Signal
    at_least: int = 1
    distinct: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Parts that all occur within a span, in any order or `ordered` one after the other.

    `within` counts inclusively: seven days apart is within seven days. 0 means without limit; such a pattern, once
    complete, starts from nothing. It is completed by an activity, never by time. In an ordered pattern each
    `at_least` is so many activities, one after the other, and `distinct` is not allowed.
    """

    parts: tuple[Part, ...]
    within: Span = 0
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """An instant `offset` after the date that a field holds, before it where negative; `subject` as in Compare.

    `opportunity.created_at` and `opportunity.closed_at` are those of the lead's latest deal. It comes if the date was
    known before it, and by the date that is known then: a date that is changed moves it. [five-tracks: expansion]
    """

    subject: str
    offset: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSignal:
    """A pattern over all people of one account; known leads get a derived activity of type `name`.

    Unknown viewers (activities without a lead) count too, by their `viewer` property. `distinct` is `person` (the lead,
    or an unknown viewer), `day`, `asset`, a property, or "" where each activity counts. With `per`, it is counted
    separately for each value of that property (`document`), and the derived activity carries that property. `to` says
    who gets the derived activity: every known participant (those who join within the window get theirs then), the
    `actor` who completed it, or the `most_engaged` known person of the account (ties: the smallest lead id). A
    participant gets it once per `cooldown`, an account (with `to` actor or most_engaged) once per `cooldown`.

    Rules and triggers use it like any activity: `Match(types=(name,))`.
    """

    name: str
    signal: Signal
    distinct: str
    at_least: int
    within: Span
    cooldown: Span
    per: str = ""
    to: Literal["participants", "actor", "most_engaged"] = "participants"


INTERNAL_SHARING = AccountSignal(
    name="internal_sharing",
    signal=(Match(types=("document_view",)),),
    distinct="person",
    at_least=2,
    within=7 * DAY,
    cooldown=30 * DAY,
    per="document",
)
"""One document, two distinct viewers within seven days [rules: account signals] [two-axis: funnel stages]."""

ENGAGING: Signal = (
    Match(
        types=(
            "email_click",
            "email_reply",
            "page_view",
            "content_download",
            "document_view",
            "webinar_signup",
            "webinar_attend",
            "form_submit",
            "form_reached",
            "demo_request",
            "contact_request",
            "newsletter_signup",
            "event_scan",
            "product_usage",
            "meeting_booked",
        )
    ),
)
"""Whatever a person does of their own accord; opens are only directional [two-axis: opens]."""
