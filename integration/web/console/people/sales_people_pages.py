"""The page of people in sales: their pools, their absences, and who would get a task about a lead now."""

from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Reply

from connectors.base.port import Unavailable
from integration.flows.assigning.report_absence import report_absence
from integration.flows.base.running_playbook import following
from integration.flows.looking.next_assignment import UnknownLeadError, next_assignment
from integration.flows.looking.pool_standing import members
from integration.playbook.language.grammar import Unreadable
from integration.routing.read_people import absence
from integration.store.assigning import absences
from integration.store.outgoing.unassigned import Assigned
from integration.web.console.access.guard import refusal
from integration.web.console.shell.console_parts import parts, person
from integration.web.console.shell.page_queries import asked_text
from integration.web.console.shell.rooms import Room
from integration.wiring.whole_service import Service
from mappings.values import emails
from mappings.values.instant import DAY

ROOM = Room("people", "People", path="/people")
ROLES: Mapping[str, str] = {
    "owner": "the lead's owner",
    "account_owner": "the owner of the company",
    "worked_by": "whoever worked on the lead",
    "manager": "the manager",
    "pool": "the pool",
}
"""Whom a playbook may name for a task."""


@ROOM.page("/", role="viewer")
def pools() -> str:
    """Everybody in every pool, who is away, and a form that asks who would get a task."""
    service = _service()
    with parts().store.read() as conn:
        away = absences.reported(conn)
    found = members(service)
    by_pool = [(name, list(those)) for name, those in groupby(found, key=attrgetter("pool"))]
    return render_template(
        "console/people/pools.html",
        pools=by_pool,
        away=sorted(away.items()),
        people=sorted(service.routing.mentioned()),
        roles=ROLES,
    )


@ROOM.page("/next", role="viewer")
def next_one() -> str:
    """Who would get a task about a lead now, by which rule, and who is passed over. Nobody gets one."""
    record, role = asked_text("record"), asked_text("role") or "owner"
    found: Assigned | None = None
    wrong = "" if record else "Name a lead: an e-mail address, our id, or a CRM record's id."
    if role not in ROLES:
        wrong = f"No task goes to {role!r}."
    if not wrong:
        try:
            _, found = next_assignment(_service(), record, role, DAY)
        except (UnknownLeadError, ValueError) as error:
            wrong = f"{str(error)[:1].upper()}{str(error)[1:]}."
        except Unavailable as error:
            wrong = f"A CRM does not answer as it should: {error}. Try again."
    return render_template("console/people/next.html", record=record, role=role, roles=ROLES, found=found, wrong=wrong)


@ROOM.change("/away", role="editor")
def away() -> Reply | tuple[str, int]:
    """Report somebody away from one day to another, both included."""
    service, email = _service(), _mentioned()
    first, last = asked_text("first"), asked_text("last") or asked_text("first")
    try:
        days = absence(f"{first}..{last}")
    except Unreadable as error:
        return refusal("Not reported", f"{error.text[:1].upper()}{error.text[1:]}.", 400)
    found = report_absence(service, email, days, back=False, actor=person().subject)
    said = f"{email} is away {', '.join(found)}." if found else f"{email}: these days are over."
    flash(f"{said} Pools give them nothing, from the next task on.")
    return redirect(url_for("console.people.pools"), 303)


@ROOM.change("/back", role="editor")
def back() -> Reply:
    """Forget what was reported about somebody."""
    email = _mentioned()
    report_absence(_service(), email, None, back=True, actor=person().subject)
    flash(f"{email} is not reported away any more.")
    return redirect(url_for("console.people.pools"), 303)


def _service() -> Service:
    """The service by what is in force."""
    return following(parts().service())


def _mentioned() -> str:
    """The person of the form. Raises NotFound for somebody whom the routing does not name."""
    email = emails.normal(asked_text("person"))
    if email is None or email not in _service().routing.mentioned():
        text = f"Nobody in the routing is called {asked_text('person')!r}."
        raise NotFound(text)
    return email
