"""Activities described in words for people."""

from collections.abc import Callable, Mapping

from mappings.model.canonical import Activity, Fields
from mappings.vocabulary.value import Vocabulary


def deed(activity: Activity, vocabulary: Vocabulary) -> str:
    """What somebody did: `viewed pricing`, `downloaded the Buyer's guide`, `call attempt: voicemail`."""
    tell = _TOLD.get(activity.type)
    if tell is not None:
        return tell(activity.properties)
    asset = activity.properties.get("asset") if activity.type in vocabulary.own_activities else None
    return f"{vocabulary.label(activity.type)}: {asset}" if asset else vocabulary.label(activity.type)


def _of(properties: Fields, *names: str, otherwise: str) -> str:
    found = next((properties[name] for name in names if properties.get(name)), None)
    return str(found).replace("_", " ") if found is not None else otherwise


def _page(properties: Fields) -> str:
    page = properties.get("page")
    if page and page != "other":
        return f"viewed {str(page).replace('_', ' ')}"
    return f"viewed {_of(properties, 'url', otherwise='a page')}"


def _attended(properties: Fields) -> str:
    words = f"attended {_of(properties, 'webinar', otherwise='a webinar')}"
    minutes = f" for {properties['minutes']} minutes" if properties.get("minutes") else ""
    return words + minutes + (" and asked a question" if properties.get("asked_question") is True else "")


def _shared(properties: Fields) -> str:
    people = properties.get("people")
    return f"{_of(properties, 'document', otherwise='a document')} went round among {people or 2} people at the account"


def _carried(properties: Fields) -> str:
    if properties.get("task") == properties.get("by"):
        return "a further reason became a task of its own"
    return "a further reason went into another task"


def _deferred(properties: Fields) -> str:
    until = str(properties.get("until") or "?")
    shown = f"{until[:10]} {until[11:16]} UTC" if until.endswith("Z") else until
    return _by_hand(f"was put on hold until {shown}")(properties)


def _by_hand(words: str) -> Callable[[Fields], str]:
    """What a person decided, with who and why."""

    def tell(properties: Fields) -> str:
        reason = properties.get("reason")
        return f"{words} by {properties.get('by') or 'a person'}{f': {reason}' if reason else ''}"

    return tell


def _plain(words: str) -> Callable[[Fields], str]:
    return lambda _: words


def _about(words: str, *names: str, otherwise: str) -> Callable[[Fields], str]:
    return lambda properties: f"{words} {_of(properties, *names, otherwise=otherwise)}"


def _with(words: str, name: str) -> Callable[[Fields], str]:
    return lambda properties: f"{words}: {_of(properties, name, otherwise='?')}" if properties.get(name) else words


_TOLD: Mapping[str, Callable[[Fields], str]] = {
    "email_open": _plain("opened an e-mail"),
    "email_click": _plain("clicked in an e-mail"),
    "email_reply": _plain("replied to an e-mail"),
    "page_view": _page,
    "content_download": _about("downloaded", "asset", "asset_type", otherwise="something"),
    "document_view": _about("read", "document", "doc_type", otherwise="a document"),
    "webinar_signup": _about("signed up for", "webinar", otherwise="a webinar"),
    "webinar_attend": _attended,
    "form_submit": _about("submitted the form", "form", otherwise=""),
    "form_reached": _about("reached the form", "form", otherwise=""),
    "demo_request": _plain("asked for a demo"),
    "contact_request": _plain("asked to be contacted"),
    "newsletter_signup": _plain("subscribed to the newsletter"),
    "event_scan": _about("was met at", "event", otherwise="an event"),
    "product_usage": _with("used the product", "event"),
    "call_attempt": _with("call attempt", "outcome"),
    "meeting_booked": _plain("a meeting was booked"),
    "sales_rejected": _with("sales rejected", "reason"),
    "opportunity_lost": _with("opportunity lost", "reason"),
    "task_carried": _carried,
    "task_closed": _plain("a task was closed"),
    "task_given": _plain("a task was given to somebody"),
    "lead_held": _deferred,
    "hold_ended": _by_hand("the hold was ended"),
    "handed_over": _by_hand("was handed to sales"),
    "lead_suppressed": _by_hand("was suppressed"),
    "internal_sharing": _shared,
}
