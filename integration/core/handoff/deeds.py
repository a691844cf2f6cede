"""Deeds: what somebody did, in the words in which one colleague tells another. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from integration.core.compiled.context import Context
from integration.core.handoff.plain_words import plain_words
from integration.core.scoring.scores import about
from mappings.model.task_text import Part
from mappings.vocabulary.web_links import web_link

_DID: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "page_view": ("looked at", "looked at a page"),
        "content_download": ("downloaded", "downloaded something"),
        "document_view": ("opened", "opened a document"),
        "email_open": ("opened the e-mail", "opened an e-mail"),
        "email_click": ("clicked in an e-mail on", "clicked in an e-mail"),
        "email_reply": ("replied to the e-mail", "replied to an e-mail"),
        "webinar_signup": ("signed up for the webinar", "signed up for a webinar"),
        "webinar_attend": ("attended the webinar", "attended a webinar"),
        "form_submit": ("sent the form", "sent a form"),
        "form_reached": ("reached the form", "reached a form"),
        "demo_request": ("asked for a demo:", "asked for a demo"),
        "contact_request": ("asked to be contacted:", "asked to be contacted"),
        "newsletter_signup": ("subscribed to the newsletter", "subscribed to the newsletter"),
        "internal_sharing": ("shared inside the company:", "shared something inside the company"),
        "event_scan": ("met us at", "met us at an event"),
        "survey_answer": ("answered:", "answered a survey"),
        "product_usage": ("used the product:", "used the product"),
    }
)
"""By activity type: what leads to the thing that it was about, and what is said where nothing is known of it."""


def deed(context: Context, kind: str, what: str) -> str:
    """What somebody did, and to what: `looked at pricing`; an own activity by its label: `partner visit: Berlin`."""
    led, alone = _words(context, kind)
    return f"{led} {plain_words(what)}" if what else alone


def deed_parts(context: Context, kind: str, what: str, page: str = "") -> tuple[Part, ...]:
    """As `deed`, with a link where it was on a page."""
    led, alone = _words(context, kind)
    return (f"{led} ", *named_page(what, page)) if what else (alone,)


def named_page(what: str, page: str = "") -> tuple[Part, ...]:
    """What something was about, and a link to the page where that has a name of its own: `initech (https://…)`."""
    link = web_link(page)
    if page in {"", what} or isinstance(link, str):
        return (web_link(plain_words(what)),)
    return (f"{plain_words(what)} (", link, ")")


def current_deed(context: Context) -> str:
    """What the current activity is, and what it is about; "" where there is none."""
    return deed(context, context.activity.type, about(context.activity.properties)) if context.activity else ""


def _words(context: Context, kind: str) -> tuple[str, str]:
    label = context.playbook.vocabulary.label(kind)
    return _DID.get(kind) or (f"{label}:", label)
