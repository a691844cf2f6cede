"""What an editor decides about one lead, with a reason: on hold, handed over now, suppressed, and what ends that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response as Reply

from integration.core.compiled.context import Unfoldable
from integration.flows.base import write_access
from integration.flows.base.running_playbook import OutdatedError, following
from integration.flows.people import decide_by_hand
from integration.flows.people.decide_by_hand import MOST, Action, Decided, RefusedError
from integration.web.console.access.guard import refusal
from integration.web.console.leads.lead_filters import short
from integration.web.console.leads.named_lead import named_lead
from integration.web.console.shell.console_parts import parts, person
from mappings.values.instant import DAY, Instant, from_datetime, to_datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How a decision is offered, what it means, and what is said once it is made."""

    title: str
    button: str
    means: tuple[str, ...]
    done: str
    danger: bool = False


_OFFERED: Mapping[Action, _Words] = {
    "hold": _Words(
        title="Put on hold",
        button="Hold",
        means=(
            "No task about this person and no nurture e-mail goes out until then. They are scored meanwhile.",
            "What sales does in the CRM counts. Open tasks stay with whoever has them.",
            "The hold ends by itself, or when you end it. Then they are handed to sales if they pass the gate.",
            "A demo request meanwhile is not lost, and what was promised to them is promised anew.",
        ),
        done="This person is on hold.",
    ),
    "end_hold": _Words(
        title="End the hold",
        button="End the hold",
        means=("They are handed to sales if they pass the gate now, and nurture e-mails go on.",),
        done="The hold is ended.",
    ),
    "hand_over": _Words(
        title="Hand over to sales now",
        button="Hand over",
        means=(
            "Sales gets a task at once, by the routing, as if this person had passed the gate.",
            "The task says why in your words. A hold ends by it.",
        ),
        done="This person is handed to sales. The task is written within a minute.",
    ),
    "suppress": _Words(
        title="Suppress",
        button="Suppress",
        means=(
            "Nobody is to contact this person any more: no task and no nurture e-mail, and what is open is closed.",
            "It stays so until they subscribe again, or somebody lifts it here.",
            "A stage that is set in the CRM does not lift it.",
        ),
        done="This person is suppressed.",
        danger=True,
    ),
    "resubscribe": _Words(
        title="Lift the suppression",
        button="Lift it",
        means=("They get nurture e-mails again. What they did before opens no gate: only what they do from now on.",),
        done="This person is suppressed no longer.",
    ),
}
_WEEK = timedelta(days=7)


def asked(lead: str, action: str) -> str | tuple[str, int]:
    """What a decision means, and the form for it; or why it is not possible. Raises NotFound."""
    row, words, known = named_lead(lead), *_offered(action)
    service = following(parts().service())
    tried = Decided(action=known, by="", reason="", until=parts().now() + DAY)
    try:
        obstacle = decide_by_hand.obstacle(service, row, tried)
    except (OutdatedError, Unfoldable) as error:
        return refusal("This cannot be decided now", f"{str(error).capitalize()}.", 409)
    proposed = to_datetime(parts().now()).astimezone(ZoneInfo(person().zone)) + _WEEK
    return render_template(
        "console/leads/decide.html",
        row=row,
        action=known,
        words=words,
        obstacle=obstacle,
        most=MOST,
        until=proposed.strftime("%Y-%m-%dT09:00"),
    )


def decide(lead: str, action: str) -> Reply | tuple[str, int]:
    """Store a decision with its reason. Raises NotFound, BadRequest."""
    row, words, known = named_lead(lead), *_offered(action)
    reason = short(request.form.get("reason", ""), "reason")
    if not reason or len(reason) > MOST:
        text = f"Say why, in at most {MOST} characters."
        raise BadRequest(text)
    until = _until(request.form.get("until", "")) if known == "hold" else None
    service = following(parts().service())
    decided = Decided(action=known, by=person().subject, reason=reason, until=until)
    try:
        decide_by_hand.decide(service, row, decided, person().subject)
    except RefusedError as error:
        return refusal("Not possible", f"This person {error}. Nothing was changed.", 409)
    except (OutdatedError, Unfoldable) as error:
        return refusal("This cannot be decided now", f"{str(error).capitalize()}.", 409)
    with parts().store.read() as conn:
        shadow = known == "hand_over" and write_access.in_shadow(conn, service)
    flash("This person is handed to sales. The task is written once you go live." if shadow else words.done)
    return redirect(url_for("console.leads.one", lead=row.id), 303)


def _offered(action: str) -> tuple[_Words, Action]:
    for known, words in _OFFERED.items():
        if known == action:
            return words, known
    text = "There is no such decision about a lead."
    raise NotFound(text)


def _until(given: str) -> Instant:
    """The time of a form, in the reader's zone. Raises BadRequest."""
    text = short(given, "time")
    try:
        moment = datetime.fromisoformat(text)
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(person().zone)))
    except (ValueError, OverflowError):
        said = "Say until when the hold is to last, as 2026-01-31T09:00."
        raise BadRequest(said) from None
