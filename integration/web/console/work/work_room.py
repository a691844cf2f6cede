"""What the pages of this room share: the way from one to the other, and to a lead's page."""

from flask import url_for

from integration.web.console.shell.rooms import Room

PAGES = (
    ("console.work.queues", "Queues"),
    ("console.work_errors.errors", "Sync errors"),
    ("console.work_people.people", "People without a record"),
    ("console.work_alerts.alerts", "Alerts"),
    ("console.work_audit.audit", "Audit trail"),
)
"""The pages between which people go, by endpoint."""


def work_room(name: str, label: str = "", *, path: str) -> Room:
    """A part of this room, whose templates know its pages and the way to a lead."""
    room = Room(name, label, path=path)
    room.context_processor(lambda: {"work_pages": PAGES, "lead_page": lead_page})
    return room


def lead_page(lead: str) -> str:
    """The address of a lead's page; "" where there is no lead."""
    return url_for("console.leads.one", lead=lead) if lead else ""
