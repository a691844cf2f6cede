"""Connection names: all connections, from the store and from the environment, without building any."""

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import make_url

from connectors import vendors
from connectors.base.credentials import Credential
from integration.settings.environment import Settings
from integration.store.audit.sealing import Keyring, SealError
from integration.store.crm import connections, homes
from integration.store.crm.connections import Row
from integration.store.crm.homes import Home
from integration.store.db.session import Store
from mappings.values.identifiers import ConnectionName, System, first_of
from webhooks import registry

_MARK_LENGTH = 16
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_TAKEN = frozenset({"ingest", "advance", "alerts", "bulk", "connections", "email", "warming"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One connection: what lanes, queues and references call it, and which CRM it is.

    `row` is None for one that the environment makes. `hides`: the environment's token of that name is not used. `home`
    is what the CRM has said of the environment's token.
    """

    name: ConnectionName
    system: System
    origin: Literal["store", "environment"]
    row: Row | None = None
    hides: bool = False
    home: str = ""

    @property
    def account(self) -> str:
        """The portal or organization; "" where nobody has asked."""
        return self.row.details.account if self.row else self.home


def known(settings: Settings, store: Store) -> tuple[Known, ...]:
    """Every connection, those of the preferred home of tasks first, then by name. Raises StoreError."""
    with store.read() as conn:
        rows = connections.every(conn) if connections.there(conn) else []
        learned = homes.every(conn)
    return arranged(rows, settings, learned)


def arranged(
    rows: Iterable[Row], settings: Settings, learned: Mapping[ConnectionName, Home] | None = None
) -> tuple[Known, ...]:
    """Signed-in connections and the environment's. Of one name, the signed-in one wins: it was made later, by hand."""
    given = environments(settings)
    found = {
        row.name: Known(
            name=row.name, system=row.system, origin="store", row=row, hides=row.name in map(first_of, given)
        )
        for row in rows
    }
    for system, credential in given.items():
        name = first_of(system)
        home = (learned or {}).get(name)
        mine = home.account if home is not None and home.mark == mark(credential) else ""
        found.setdefault(name, Known(name=name, system=system, origin="environment", home=mine))
    return tuple(sorted(found.values(), key=_place))


def mark(credential: Credential) -> str:
    """A fingerprint of a token: it identifies the token and reveals nothing of it."""
    return hashlib.sha256(credential.token.encode()).hexdigest()[:_MARK_LENGTH]


def environments(settings: Settings) -> Mapping[System, Credential]:
    """What the environment itself connects, by system."""
    given = settings.given
    each = {vendor.system: vendor.credential(given) for vendor in vendors.every()}
    return {system: credential for system, credential in each.items() if credential is not None}


def names(settings: Settings) -> Sequence[ConnectionName]:
    """The names of every connection, opening the store for it. Raises StoreError."""
    with opened(settings) as store:
        return [each.name for each in (known(settings, store) if store else arranged((), settings))]


def existing(settings: Settings) -> Store | None:
    """The store, to be disposed of by the caller; None where SQLite's file has not been made yet. Raises StoreError."""
    url = make_url(settings.database_url.get_secret_value())
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None
    return Store.open(settings.database_url.get_secret_value())


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Store | None]:
    """The store, for as long as the block lasts; None where SQLite's file has not been made yet. Raises StoreError."""
    store = existing(settings)
    try:
        yield store
    finally:
        if store is not None:
            store.dispose()


def keyring(settings: Settings) -> Keyring:
    """The keys that open what is stored, the current one first."""
    return Keyring.of(*(key.get_secret_value() for key in (settings.secret_key, *settings.previous_keys)))


def webhook_secrets(settings: Settings, found: Iterable[Known], system: System) -> Mapping[str, tuple[str, ...]]:
    """The client secret of each signed-in connection of a system by its account: its app may sign webhooks with it.

    One that no longer opens is left out, and `coldframe doctor` says so.
    """
    secrets: dict[str, tuple[str, ...]] = {}
    for each in found:
        if each.system == system and each.account and each.row is not None:
            with contextlib.suppress(SealError):
                secret = connections.unsealed(each.row, keyring(settings)).client_secret
                secrets[each.account] = (*secrets.get(each.account, ()), *filter(None, [secret]))
    return {account: those for account, those in secrets.items() if those}


def _place(each: Known) -> tuple[int, str, bool, str]:
    """Where a connection stands; one whose CRM is not installed any more stands last."""
    systems = vendors.systems()
    place = systems.index(each.system) if each.system in systems else len(systems)
    return place, each.system, each.name != first_of(each.system), each.name


def misnamed(name: str, system: System) -> str:
    """Why a connection to a system cannot be called that; "" where it can."""
    if not _NAME.fullmatch(name):
        return f"'{name}' is no name: write small letters, digits and -, beginning with a letter"
    others = {*vendors.systems(), *registry.by_name()} - {system}
    if name in _TAKEN | others:
        return f"'{name}' is the name of something else: choose another"
    return ""
