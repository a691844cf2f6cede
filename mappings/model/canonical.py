"""The canonical model: lead, account, activity, opportunity, and the fields of each.

Field values are plain: str, bool, int, float, None, or a tuple of str. A field that nobody has
supplied is absent. Source: [rules: fields and activities].
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from mappings.values.instant import Instant

Value: TypeAlias = str | bool | int | float | tuple[str, ...] | None
Fields: TypeAlias = Mapping[str, Value]
Kind: TypeAlias = Literal["text", "number", "boolean", "time", "choice", "list"]

NOTHING: Fields = MappingProxyType({})

SENIORITIES = ("ic", "manager", "director", "vp", "c_level")
SOURCES = (
    "demo_request",
    "inquiry",
    "pricing_download",
    "educational_download",
    "webinar",
    "trade_show",
    "newsletter",
    "product_signup",
    "other",
)
STAGES = ("inquiry", "mql", "sal", "sql", "customer", "recycled", "suppressed")
REJECTION_REASONS = (
    "timing",
    "budget",
    "priority",
    "competitor",
    "no_response",
    "too_early",
    "bad_fit",
    "bad_data",
)
PAGES = (
    "pricing",
    "integrations",
    "security",
    "roi",
    "product",
    "comparison",
    "case_study",
    "blog",
    "other",
)
ASSET_TYPES = ("educational", "case_study", "pricing_sheet", "roi_calculator", "research")
FOUND_OUT = ("problem", "budget", "authority", "timeline")
"""What sales asks for, as fields of the lead: an answer may bring them along."""
CALL_OUTCOMES = ("no_answer", "voicemail", "connected")
MEETING, ACCEPTED, QUALIFIED, REJECTED = ANSWERS = ("meeting", "accepted", "qualified", "rejected")
"""What sales may say of a lead beside what came of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One canonical field or property: its kind and, for a choice, the values it may take."""

    kind: Kind
    choices: tuple[str, ...] = ()
    label: str = ""


def _text(label: str = "") -> Field:
    return Field(kind="text", label=label)


def _number(label: str = "") -> Field:
    return Field(kind="number", label=label)


def _flag(label: str = "") -> Field:
    return Field(kind="boolean", label=label)


def _choice(*choices: str, label: str = "") -> Field:
    return Field(kind="choice", choices=choices, label=label)


LEAD_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "email": _text("E-mail"),
        "first_name": _text("First name"),
        "last_name": _text("Last name"),
        "phone": _text("Phone"),
        "title": _text("Title"),
        "seniority": _choice(*SENIORITIES, label="Seniority"),
        "function": _text("Function"),
        "account": _text("Account"),
        "country": _text("Country"),
        "timezone": _text("Time zone"),
        "source": _choice(*SOURCES, label="Source"),
        "owner": _text("Owner"),
        "opted_out": _flag("Opted out"),
        "is_student": _flag("Student"),
        "is_competitor": _flag("Competitor"),
        "problem": _text("Problem"),
        "budget": _text("Budget"),
        "authority": _text("Authority"),
        "timeline": _text("Timeline"),
        "touch_sent_at": Field(kind="time", label="Touch sent at"),
        "stage": _choice(*STAGES, label="Stage set by a person in the CRM"),
        "sales_answer": _choice(*CALL_OUTCOMES, *ANSWERS, label="What sales says by the record's status"),
        "rejection_reason": _choice(*REJECTION_REASONS, label="Rejection reason"),
    }
)

REPORTS = frozenset({"touch_sent_at"})
"""Fields of a lead in which other systems report to us: no date that a playbook may plan by."""
ACCOUNT_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "name": _text("Company"),
        "domain": _text("Domain"),
        "employees": _number("Employees"),
        "revenue": _number("Revenue"),
        "industry": _text("Industry"),
        "country": _text("Country"),
        "technologies": Field(kind="list", label="Technologies"),
        "owner": _text("Account owner"),
    }
)

OPPORTUNITY_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "amount": _number("Amount"),
        "stage": _text("Stage"),
        "is_closed": _flag("Closed"),
        "is_won": _flag("Won"),
        "created_at": Field(kind="time", label="Created"),
        "closed_at": Field(kind="time", label="Closed"),
        "loss_reason": _text("Loss reason"),
    }
)

_MAIL = {"campaign": _text(), "touch": _text(), "track": _text()}
_VISITED = {"url": _text(), "page": _choice(*PAGES)}
_MACHINE = {"machine": _flag(), "user_agent": _text(), "method": _text()}
"""What distinguishes a scanner, a proxy or prefetching from a person. [rules: scores]"""
_EMAIL = {**_MAIL, **_VISITED, **_MACHINE}
_SALES = {name: _text() for name in FOUND_OUT}
_DEAL = {"opportunity": _text(), "amount": _number(), "reason": _text()}
_WEBINAR = {"minutes": _number(), "asked_question": _flag(), "webinar": _text()}
_ASKED = {"asset": _text(), "event": _text(), "form": _text(), "url": _text()}
_FORM = {"form": _text(), "url": _text()}

ACTIVITY_TYPES: Mapping[str, Mapping[str, Field]] = MappingProxyType(
    {
        "email_sent": _MAIL,
        "email_delivered": _MAIL,
        "email_open": _EMAIL,
        "email_click": _EMAIL,
        "email_reply": _EMAIL,
        "email_bounce": {**_EMAIL, "hard": _flag()},
        "spam_complaint": _EMAIL,
        "page_view": {**_VISITED, "asset": _text(), "seconds": _number(), **_MACHINE},
        "content_download": {"asset": _text(), "asset_type": _choice(*ASSET_TYPES), "url": _text()},
        "document_view": {
            "document": _text(),
            "doc_type": _text(),
            "seconds": _number(),
            "viewer": _text(),
            **_MACHINE,
        },
        "webinar_signup": _WEBINAR,
        "webinar_attend": _WEBINAR,
        "form_submit": _FORM,
        "form_reached": _FORM,
        "demo_request": _ASKED,
        "contact_request": _ASKED,
        "newsletter_signup": _ASKED,
        "event_scan": _ASKED,
        "product_usage": _ASKED,
        "survey_answer": {"question": _text(), "answer": _text()},
        # `task` is our task that was closed with it, by its key without the lead; absent where it is a call of its own.
        "call_attempt": {"outcome": _choice(*CALL_OUTCOMES), "task": _text()},
        "meeting_booked": _SALES,
        "sales_accepted": _SALES,
        "sales_qualified": _SALES,
        "sales_rejected": {"reason": _choice(*REJECTION_REASONS), "by": _text(), "note": _text()},
        "opportunity_created": _DEAL,
        "opportunity_won": _DEAL,
        "opportunity_lost": _DEAL,
        "unsubscribe": {**_MAIL, "url": _text(), **_MACHINE},
        "decline": {},
        "resubscribe": {},
        # A task of ours that was closed without a word of what came of it; `task` is its key without the lead.
        "task_closed": {"task": _text()},
        # A task of ours that was to join another is carried out by this one: itself, where it stands alone.
        "task_carried": {"task": _text(), "by": _text()},
        # A task of ours was given to somebody. Until somebody else has one about the lead, clocks count by their hours.
        "task_given": {"task": _text(), "to": _text(), "hours": _text()},
        # What a person decided about a lead in Coldframe; `until` is a time (ISO 8601, with its zone).
        "lead_held": {"until": _text(), "by": _text(), "reason": _text()},
        "hold_ended": {"by": _text(), "reason": _text()},
        "handed_over": {"by": _text(), "reason": _text()},
        "lead_suppressed": {"by": _text(), "reason": _text()},
        # Derived from account signals, never received. [rules: account signals]
        "internal_sharing": {"document": _text()},
    }
)
SENDING = frozenset({"email_sent", "email_delivered"})
"""What the sender of mail did, and no person: kept as denominators, and never scored."""


class Activity(NamedTuple):
    """Something a person did, at the time it happened.

    `lead` is Coldframe's own lead id once resolved, or "" for a viewer the CRM does not know.
    Unknown types and properties are kept and score nothing. `machine` is the rule by which no person did it, "" for a
    person's. `derived`: made from what several people of an account did; it comes after everything else of its instant.
    Named, but a tuple: one is made for each
    activity of a replay, and a frozen dataclass takes three times as long to make. Name its fields.
    """

    id: str
    lead: str
    at: Instant
    type: str
    properties: Fields = NOTHING
    account: str = ""
    machine: str = ""
    derived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """A deal (`fields` as in OPPORTUNITY_FIELDS)."""

    id: str
    account: str
    fields: Fields = field(default_factory=lambda: NOTHING)


STANDING_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "fit": _number("Fit score"),
        "engagement": _number("Engagement score"),
        "total": _number("Lead score"),
        "band": _choice("cold", "warm", "hot", label="Band"),
        "segment": _text("Segment"),
        "stage": _choice(*STAGES, label="Nurture stage"),
        "track": _text("Nurture track"),
        "recycle_reason": _choice(*REJECTION_REASONS, label="Recycle reason"),
        "reasons": _text("Why this score"),
        "scored_at": Field(kind="time", label="Scored at"),
        "persona": _text("Persona"),
        "buying_job": _text("Buying job"),
        "funnel_stage": _text("Funnel stage"),
        "top_signals": _text("Top signals"),
        "last_activity": Field(kind="time", label="Last activity"),
        "sla_due": Field(kind="time", label="Answer due"),
        "overdue_since": Field(kind="time", label="Answer overdue since"),
        "active_again": Field(kind="time", label="Active again since"),
        "next_touch": _text("Next touch"),
        "next_touch_at": Field(kind="time", label="Next touch at"),
        "scored_by": _text("Scored by"),
        "touch": _text("Touch due"),
        "touch_at": Field(kind="time", label="Touch due at"),
        "touch_channel": _text("Touch channel"),
        "opted_out": _flag("Opted out"),
        **{name: LEAD_FIELDS[name] for name in FOUND_OUT},
    }
)
"""Where a lead stands: what Coldframe writes to a CRM record. Scores are whole points, rounded down.

`touch` and `touch_at` are set together when a touch falls due: a workflow of the marketing system that
starts on a change of `touch_at` delivers it. `touch_channel` goes with them where the playbook names a channel besides
e-mail. `scored_by` names the playbook and its version. What sales found out (FOUND_OUT) stands here as long as an
answer of theirs is the last word about it.
"""
MOVING = frozenset({"scored_at", "scored_by", "last_activity", "next_touch_at"})
"""Parts of a standing of which a new value alone is not worth a write: it goes along with the next change."""
SET_ONLY = frozenset({"opted_out"})
"""Parts of a standing that are written where they are true, and never taken back."""
