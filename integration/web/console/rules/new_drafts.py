"""New drafts: what a form proposes, stored, and its impact begun; every page that changes rules goes this way."""

from dataclasses import replace

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as Reply

from integration.flows.publishing.put_in_force import current_rules
from integration.store.console import rule_drafts
from integration.store.console.rule_drafts import Draft
from integration.store.events.playbook_versions import Terms, What
from integration.web.console.shell.console_parts import parts, person
from integration.wiring import clock
from integration.wiring.whole_service import Service

NO_REASON = "Say why: it stands with the version."
_LONGEST_REASON = 500
_MOST_AN_HOUR = 1_000_000


def drafted(service: Service, subject: str, text: str, terms: Terms) -> str:
    """Store a draft over what is in force, and begin to work out what it would do. The draft's id."""
    version, _ = current_rules(service)
    new = Draft(
        id=str(clock.new_id()),
        subject=subject,
        body=text,
        terms=terms,
        over=version.number if version else None,
        made_at=parts().now(),
        result={},
    )
    with parts().store.write() as conn:
        rule_drafts.add(conn, new)
    parts().look_ahead(new.id)
    return new.id


def led_to(draft_id: str) -> Reply:
    """The answer that leads to a draft's page."""
    return redirect(url_for("console.rules.draft", draft_id=draft_id), 303)


def chosen_terms(what: What) -> Terms:
    """Who, why, and how those who pass the gate now are handed over, as the form says; the reason may be ""."""
    pace, number = request.form.get("pace", ""), request.form.get("tasks_per_hour", "")
    terms = Terms(author=person().subject, reason=request.form.get("reason", "").strip()[:_LONGEST_REASON], what=what)
    if pace == "nobody":
        return replace(terms, quiet=True)
    if pace == "limited" and number.isdecimal() and 0 < int(number) <= _MOST_AN_HOUR:
        return replace(terms, tasks_per_hour=int(number))
    return terms
