"""What people do about one lead: have its records read again, take everything that is stored along, erase it."""

import json
from collections import Counter
from collections.abc import Mapping

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Reply

from integration.flows.base.running_playbook import following
from integration.flows.looking.plain_values import plain_explanation
from integration.flows.people.read_again import read_again
from integration.flows.privacy import erase_person, export_person
from integration.store.people import record_references
from integration.store.people.leads import LeadRow
from integration.web.console.access.guard import refusal
from integration.web.console.leads.lead_filters import short
from integration.web.console.leads.named_lead import named_lead
from integration.web.console.shell.console_parts import audited, parts, person
from integration.web.console.shell.page_words import counted
from mappings.values import emails

_STORED: Mapping[str, str] = {
    "leads": "The lead",
    "activities": "What the person did",
    "changes": "What CRMs and forms say of them",
    "other_emails": "Further addresses",
    "crm_references": "Links to records of the CRMs",
    "opportunities": "Deals",
    "effects": "What was decided",
    "outbox": "Writes to the CRMs",
    "alerts": "Alerts",
    "assignments": "Who got their tasks",
    "clock_runs": "Service levels",
    "dead_letters": "Sync errors",
    "inbox": "Deliveries as they came in",
}
"""What people call what a table holds; the others hold what the workers note of a lead."""
_NAMELESS = "This lead has neither an e-mail nor a record in a CRM by which it could be named."


def read(lead: str) -> Reply:
    """Have every record of a lead read again. Raises NotFound."""
    row = named_lead(lead)
    count = read_again(parts().service(), row, audited("read again", f"lead {row.id}"))
    asked = f"{counted(count, 'record')} will be read again within a minute, unless the connection is paused."
    flash(asked if count else "No CRM knows this person yet: there is nothing to read.")
    return redirect(url_for("console.leads.one", lead=row.id), 303)


def export(lead: str) -> Reply | tuple[str, int]:
    """Everything that is stored about a lead, as the JSON document of `coldframe export`. Raises NotFound."""
    row, service = named_lead(lead), following(parts().service())
    name = _name(row)
    if name is None:
        return refusal("This cannot be exported", _NAMELESS, 409)
    document = export_person.exported(service, name, actor=person().subject, tell=plain_explanation)
    if document is None:
        raise NotFound
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    answer = Response(text.encode("utf-8", "backslashreplace"), mimetype="application/json")
    answer.headers["Content-Disposition"] = "attachment; filename=person.json"
    return answer


def erase_asked(lead: str) -> str | tuple[str, int]:
    """What an erasure would remove, and the question whether it is meant. Raises NotFound."""
    row = named_lead(lead)
    name = _name(row)
    plan = erase_person.rehearse(parts().service(), name, everywhere=False) if name is not None else None
    if plan is None:
        return refusal("This cannot be erased", _NAMELESS, 409)
    removed: Counter[str] = Counter()
    for table, count in plan.removed.items():
        removed[_STORED.get(table, "What else is stored")] += count
    return render_template("console/leads/erase.html", row=row, typed=row.email or row.id, removed=+removed)


def erase(lead: str) -> Reply | tuple[str, int]:
    """Erase a lead whose e-mail was typed. Raises NotFound, StoreError."""
    row = named_lead(lead)
    name, given = _name(row), short(request.form.get("typed", ""), "e-mail")
    if name is None:
        return refusal("This cannot be erased", _NAMELESS, 409)
    if (emails.normal(given) or given) != (row.email or row.id):
        text = "What you typed is not this person's e-mail. Nothing was erased."
        return refusal("Not erased", text, 400)
    report = erase_person.begin(parts().service(), name, actor=person().subject)
    flash(
        "The person is erased; what others said that names them is looked for now, and cleaned. "
        f"The audit knows this as name {report.hash}."
    )
    return redirect(url_for("console.leads.listed"), 303)


def _name(row: LeadRow) -> str | None:
    """The name by which a lead is exported and erased: its e-mail, else its first record; None without either."""
    service = parts().service()
    if row.email:
        return erase_person.asked_for(row.email, service.connections)
    with parts().store.read() as conn:
        records = record_references.of_leads(conn, [row.id]).get(row.id, [])
    there = [each for each in records if each.connection in service.connections]
    if not there:
        return None
    return erase_person.asked_for(
        f"{there[0].connection}:{there[0].object}:{there[0].external_id}", service.connections
    )
