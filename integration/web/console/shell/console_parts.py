"""The parts that the console's pages work with, as the web process has them."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, g

from integration.settings.environment import Settings
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.console.console_sessions import SignedIn
from integration.store.console.long_works import Kind
from integration.store.db.session import Store
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

PARTS = "coldframe.console"
"""Under this name `Flask.extensions` holds the parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleParts:
    """`service` builds what flows are given, at the first page that needs it. It raises UnusableError, StoreError.

    `look_ahead` begins to work out what a draft of rules would do, by the draft's id; `begin_work` a work of the first
    day, by its kind and connection.
    """

    settings: Settings
    store: Store
    now: Callable[[], Instant]
    service: Callable[[], Service]
    look_ahead: Callable[[str], None]
    begin_work: Callable[[Kind, ConnectionName], None]


def parts() -> ConsoleParts:
    """The parts of the application that answers this request."""
    found: ConsoleParts = current_app.extensions[PARTS]
    return found


def person() -> SignedIn:
    """Who makes this request. Only pages that need nobody signed in are answered without; they must not ask."""
    found: SignedIn = g.person
    return found


def audited(action: str, subject: str, **detail: object) -> Entry:
    """A line of the audit trail about what the person of this request does; add it in the change's own transaction."""
    return Entry(at=parts().now(), actor=person().subject, action=action, subject=subject, detail=detail)


def note(action: str, subject: str, **detail: object) -> None:
    """Write one line of the audit trail, where the change itself has no transaction of ours."""
    with parts().store.write() as conn:
        audit_trail.add(conn, [audited(action, subject, **detail)])
