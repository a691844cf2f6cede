"""The lead that a page or a form of it names."""

from werkzeug.exceptions import NotFound

from integration.flows.history.find_explanation import found
from integration.store.people.leads import LeadRow
from integration.web.console.leads.lead_filters import short
from integration.web.console.shell.console_parts import parts

NOBODY = "Nobody goes by this name. Whoever stood here was erased, or the address is not complete."


def named_lead(lead: str) -> LeadRow:
    """The lead of that id. Raises NotFound."""
    with parts().store.read() as conn:
        row = found(conn, short(lead, "name"))
    if row is None:
        raise NotFound(NOBODY)
    return row
