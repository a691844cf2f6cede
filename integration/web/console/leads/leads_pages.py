"""The list of leads: search, filters, and the filters that somebody has saved."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response as Reply

from integration.core.rules.playbook_rules import Playbook
from integration.flows.base.running_playbook import following
from integration.flows.looking.search_leads import search_leads
from integration.playbook.language.names import BANDS, SEGMENTS
from integration.store.audit import audit_trail
from integration.store.console import saved_filters
from integration.store.console.saved_filters import SavedFilter
from integration.store.crm import crm_users
from integration.store.people.lead_lists import LeadPage
from integration.web.console.leads import lead_actions, lead_decisions, lead_filters, lead_page
from integration.web.console.leads.lead_filters import address, asked, place, short, track_words
from integration.web.console.shell.console_parts import audited, parts, person
from integration.web.console.shell.page_words import STAGES
from integration.web.console.shell.rooms import Room

ROOM = Room("leads", "Leads", path="/leads")
_LONGEST_NAME = 60
_FILTERS = "list of leads"
"""What the audit trail calls them: their names may name people, and the audit holds no personal data."""


@ROOM.page("", role="viewer")
def listed() -> str:
    """The leads that somebody asks for."""
    wanted, text = asked(request.args), short(request.args.get("q", ""), "search")
    after = place(request.args, by_email=bool(text))
    service, why = following(parts().service()), ""
    try:
        page = search_leads(service, wanted, text, after)
    except ValueError as error:
        page, why = LeadPage(leads=(), further=None), f"{str(error).capitalize()}."
    with parts().store.read() as conn:
        owners = crm_users.names(conn)
        saved = saved_filters.of(conn, person().subject)
    return render_template(
        "console/leads/listed.html",
        page=page,
        why=why,
        wanted=wanted,
        text=text,
        first=after is None,
        owners=owners,
        tracks=track_words(service.rules.playbook),
        saved=[(each.name, address(each.filter)) for each in saved],
        choices=_choices(service.rules.playbook, owners, wanted.track, wanted.owner),
        filtered=bool(address(wanted)),
        here=address(wanted, text),
        further=address(wanted, text, page.further) if page.further else None,
    )


@ROOM.change("/filters", role="viewer")
def save_filter() -> Reply:
    """Save the filters of the list under a name. Raises BadRequest."""
    wanted, name = asked(request.form), short(request.form.get("name", ""), "name")
    if not name or len(name) > _LONGEST_NAME:
        text = f"Give the filter a name of up to {_LONGEST_NAME} characters."
        raise BadRequest(text)
    with parts().store.write() as conn:
        if not saved_filters.put(conn, person().subject, SavedFilter(name=name, filter=wanted), parts().now()):
            text = f"You have saved {saved_filters.MOST} filters. Delete one first."
            raise BadRequest(text)
        audit_trail.add(conn, [audited("filter saved", _FILTERS, **address(wanted))])
    flash(f"The filter {name} is saved.")
    return redirect(url_for("console.leads.listed", **address(wanted)), 303)


@ROOM.change("/filters/delete", role="viewer")
def delete_filter() -> Reply:
    """Delete one of one's own filters. Raises NotFound."""
    name = short(request.form.get("name", ""), "name")
    with parts().store.write() as conn:
        if not saved_filters.drop(conn, person().subject, name):
            text = f"You have no filter {name!r}."
            raise NotFound(text)
        audit_trail.add(conn, [audited("filter deleted", _FILTERS)])
    flash(f"The filter {name} is deleted.")
    return redirect(url_for("console.leads.listed"), 303)


def _choices(
    playbook: Playbook, owners: Mapping[str, str], track: str, owner: str
) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """Filter -> its label, and what it chooses among; what was chosen stands there, though nobody knows it now."""
    known = track_words(playbook)
    return {
        "stage": ("Stage", {each: words for each, words in STAGES.items() if each}),
        "band": ("Grade", {each: each.capitalize() for each in BANDS}),
        "segment": ("Segment", {each: each for each in SEGMENTS}),
        "track": ("Track", {**({track: track} if track else {}), **known}),
        "owner": ("Owner", _by_name({**({owner: owner} if owner else {}), **owners})),
        "level": ("Service level", lead_filters.LEVEL_WORDS),
        "order": ("Order", lead_filters.ORDER_WORDS),
    }


ROOM.page("/<lead>", role="viewer")(lead_page.one)
ROOM.change("/<lead>/read", role="editor")(lead_actions.read)
ROOM.change("/<lead>/export", role="editor")(lead_actions.export)
ROOM.page("/<lead>/decide/<action>", role="editor")(lead_decisions.asked)
ROOM.change("/<lead>/decide/<action>", role="editor")(lead_decisions.decide)
ROOM.page("/<lead>/erase", role="admin")(lead_actions.erase_asked)
ROOM.change("/<lead>/erase", role="admin")(lead_actions.erase)


def _by_name(words: Mapping[str, str]) -> Mapping[str, str]:
    return dict(sorted(words.items(), key=lambda each: each[1].casefold()))
