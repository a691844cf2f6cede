"""Search leads: a page of the list of leads, by filters and by a text that names somebody. Reads only."""

from dataclasses import replace

from integration.flows.base.service import Connected
from integration.flows.history.find_explanation import found
from integration.store.people import lead_lists
from integration.store.people.lead_lists import LeadFilter, LeadPage, Place
from mappings.values import emails


def search_leads(service: Connected, wanted: LeadFilter, text: str = "", after: Place | None = None) -> LeadPage:
    """The leads after a place in the list.

    Where a text is given: whoever goes by it exactly (an e-mail, our id, a CRM's record) whatever the filters, then
    those whose e-mail begins so. ValueError where a record's id is of several people.
    """
    name = text.strip()
    wanted = replace(wanted, begins=emails.normal(name) or name.lower())
    with service.store.read() as conn:
        row = found(conn, name, service.connections) if name and after is None else None
        page = lead_lists.page(conn, wanted, after)
        exact = lead_lists.of(conn, [row.id]) if row is not None else ()
    others = tuple(each for each in page.leads if row is None or each.id != row.id)
    return replace(page, leads=(*exact, *others))
