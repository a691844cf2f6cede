"""Makes a one-time link into the console."""

import secrets as chance
from urllib.parse import urlencode

from integration.settings.console_settings import Role
from integration.settings.environment import Settings
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.console import entry_links
from integration.store.db.session import Store
from mappings.values.instant import Instant

_BYTES = 24


def new_link(settings: Settings, store: Store, now: Instant, *, role: Role = "admin", name: str = "admin") -> str:
    """The address of a new link, which lets one browser in once within a quarter of an hour. Audited."""
    token = chance.token_urlsafe(_BYTES)
    with store.write() as conn:
        entry_links.add(conn, token, role=role, name=name, now=now)
        line = Entry(at=now, actor="command line", action="console link", subject=name, detail={"role": role})
        audit_trail.add(conn, [line])
    home = (settings.public_url or f"http://127.0.0.1:{settings.port}").rstrip("/")
    return f"{home}/console/enter?{urlencode({'link': token})}"
