"""The page of one lead: where it stood at an instant, why, what followed, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response as Reply

from integration.core.compiled.context import Unfoldable
from integration.core.model.ledger import Axis
from integration.flows.base.running_playbook import OutdatedError, following
from integration.flows.looking.one_lead import OneLead, one_lead
from integration.playbook.explaining.chronicle import Entry
from integration.playbook.explaining.explanation import Explanation
from integration.playbook.language.amounts import amount, signed
from integration.web.console.access.guard import refusal
from integration.web.console.leads import score_chart
from integration.web.console.leads.lead_filters import short, track_words
from integration.web.console.leads.named_lead import NOBODY
from integration.web.console.shell import page_times
from integration.web.console.shell.console_parts import parts, person
from mappings.values.instant import Instant, from_datetime, to_datetime

_DEEDS = 50
_LINES = 30
"""Lines of an axis that are shown; those before them are one, with their sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisLines:
    """The lines of one axis of the score, and what they sum to, in points; `earlier` are left out, with their sum."""

    name: str
    total: str
    lines: Sequence[tuple[str, str]]
    earlier: int
    earlier_points: str


def one(lead: str) -> str | Reply | tuple[str, int]:
    """Everything about one lead, at an instant. Raises NotFound, BadRequest."""
    now = parts().now()
    moment, whole = _asked_time(request.args.get("at", ""), now), bool(request.args.get("all"))
    service = following(parts().service())
    name = short(lead, "name")
    try:
        found = one_lead(service, name, moment, 10_000 if whole else _DEEDS)
    except (OutdatedError, ValueError) as error:
        return refusal("This cannot be shown", f"{str(error).capitalize()}.", 409)
    except Unfoldable as error:
        place = f"event {error.event}" if error.event else "what falls due"
        text = f"The history of this lead cannot be processed: {place} ({error}). Look at the sync errors."
        return refusal("This cannot be explained", text, 409)
    if found is None:
        raise NotFound(NOBODY)
    if found.then.row.id != lead:
        return redirect(url_for("console.leads.one", lead=found.then.row.id), 303)
    told = found.then.explanation
    return render_template(
        "console/leads/one.html",
        found=found,
        row=found.then.row,
        told=told,
        tracks=track_words(service.rules.playbook),
        name=_name(found),
        axes=[_axis(told, axis, whole=whole) for axis in ("fit", "engagement")],
        coming=[f"{page_times.here(each.at)}: {each.words}" for each in told.coming],
        total=amount(told.fit + told.engagement),
        chart=score_chart.score_chart(told.ledger, moment),
        size=score_chart,
        moment_given=_local(moment),
        now_shown=moment == now,
        whole=whole,
        done={kind: [each for each in told.done if each.kind == kind] for kind in ("stage", "touch", "alert")},
        tasks=[each for each in reversed(told.done) if each.kind in {"task", "escalation"}],
        others=[each for each in told.done if each.kind in {"track", "handoff_held"}],
    )


def _axis(told: Explanation, axis: Axis, *, whole: bool) -> AxisLines:
    entries = [each for each in told.ledger if each.axis == axis]
    shown = entries if whole or len(entries) <= _LINES + 1 else entries[-_LINES:]
    earlier = entries[: len(entries) - len(shown)]
    return AxisLines(
        name=axis.capitalize(),
        total=amount(told.fit if axis == "fit" else told.engagement),
        lines=[(_sentence(each), signed(each.points)) for each in shown],
        earlier=len(earlier),
        earlier_points=signed(sum(each.points for each in earlier)),
    )


def _sentence(entry: Entry) -> str:
    return entry.words[:1].upper() + entry.words[1:]


def _name(found: OneLead) -> str:
    fields = found.then.row.fields
    own = " ".join(str(fields[part]) for part in ("first_name", "last_name") if fields.get(part))
    return own or found.then.row.email or "Somebody without a name"


def _asked_time(given: str, now: Instant) -> Instant:
    """The instant that a page is asked for, in the reader's zone where it names none. Raises BadRequest."""
    text = short(given, "time")
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
        asked = from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(person().zone)))
    except (ValueError, OverflowError):
        said = f"{text!r} is no time. Write it as 2026-01-31T09:00."
        raise BadRequest(said) from None
    if not 0 <= asked <= now:
        said = "A lead can be shown at any time from 1970 until now. What comes next by itself stands on its page."
        raise BadRequest(said)
    return asked


def _local(at: Instant) -> str:
    """A time as a form has it, in the reader's zone."""
    return to_datetime(at).astimezone(ZoneInfo(person().zone)).strftime("%Y-%m-%dT%H:%M:%S")
