"""Provisioners: what creates our fields in a connected CRM, built from settings."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from connectors import vendors
from connectors.shared.provisioning import Provisioner
from connectors.shared.vendor import Setup
from integration.flows.base import running_mappings
from integration.settings.environment import Settings
from integration.store.db import migrate
from integration.store.db.session import Store
from integration.store.events import playbook_versions
from integration.store.events.playbook_versions import FileInForce
from integration.wiring import build, connection_names
from integration.wiring.connection_names import Known
from integration.wiring.unusable import UnusableError
from mappings.language import mapping_files
from mappings.model.compiled_mapping import CrmMapping
from mappings.translate.translation import load_mapping
from mappings.values.identifiers import ConnectionName, System
from webhooks import registry


class UnconnectedError(Exception):
    """The system is not connected; the message says how to connect it."""


def provisioner(
    settings: Settings, store: Store | None, system: System, *, name: str = "", sales: Sequence[str] = ()
) -> tuple[Provisioner, CrmMapping]:
    """What provisions a system, and the mapping that says what is needed. Close it after use.

    `name` is the connection's, where there are several; `sales` are the user names of those who are to see scores.
    `store` holds those that people have signed in to. Raises UnconnectedError, and UnusableError with the mapping's
    mistakes.
    """
    connection = chosen(settings, store, system, name)
    credential = build.credential(settings, store, connection)
    found = mapping(settings, system, connection.name, _files(store))
    setup = Setup(given=settings.given, webhook_url=webhook_url(settings, system), sales=sales)
    return vendors.vendor(system).provisioner(credential, setup), found


def lists(settings: Settings, store: Store | None, system: System, *, name: str = "") -> tuple[Provisioner, CrmMapping]:
    """What makes the ready views by a system's API, and the mapping in force. Close it after use.

    Raises UnconnectedError, also for a vendor without such lists, and UnusableError with the mapping's mistakes.
    """
    made = vendors.vendor(system).lists
    if made is None:
        msg = f"{vendors.vendor(system).label} has no API for the ready views"
        raise UnconnectedError(msg)
    connection = chosen(settings, store, system, name)
    credential = build.credential(settings, store, connection)
    return made(credential), in_force(settings, store, system, connection.name)


def in_force(settings: Settings, store: Store | None, system: System, connection: str) -> CrmMapping:
    """The mapping over a connection: the one published, or the file that settings name. Raises UnusableError."""
    return mapping(settings, system, connection, _files(store))


def further_scopes(settings: Settings, store: Store | None, system: System, connection: str) -> tuple[str, ...]:
    """What a connection's mapping needs beside the scopes that every app of ours has; none where it has mistakes."""
    try:
        return vendors.vendor(system).sign_in.further(in_force(settings, store, system, connection))
    except UnusableError:
        return ()  # signing in goes on: `coldframe doctor` names the mistakes


def webhook_url(settings: Settings, system: System) -> str:
    """Where a CRM's webhooks go; "" where no public address is known, or the CRM sends none."""
    routes = [each.route for each in registry.every() if each.system == system]
    return f"{settings.public_url}/webhooks{routes[0]}" if settings.public_url and routes else ""


def _files(store: Store | None) -> Mapping[str, FileInForce]:
    """What is in force; nothing is where the store has not been migrated yet."""
    if store is None:
        return {}
    with store.read() as conn:
        return playbook_versions.files(conn) if migrate.up_to_date(conn) else {}


def mapping(
    settings: Settings, system: System, connection: str, files: Mapping[str, FileInForce] = MappingProxyType({})
) -> CrmMapping:
    """What is read and written over a connection, where `files` are in force. Raises UnusableError with its mistakes.

    A file that settings name is in force, or is about to be.
    """
    words, path = build.vocabulary(settings.vocabulary), settings.mapping_of(connection, system)
    names = (running_mappings.named(system, ConnectionName(connection)), running_mappings.named(system))
    published = next((files[name] for name in names if name in files), None)
    if path is None and published is not None:
        there = mapping_files.parsed(published.text, f"the {system} mapping in force", system, words)
        found, problems = there.mapping, there.problems
    else:
        found, problems = load_mapping(system, path, words)
    if found is None:
        raise UnusableError(problems)
    return found


def chosen(settings: Settings, store: Store | None, system: System, name: str) -> Known:
    """The connection of a system by name, or its only one. Raises UnconnectedError."""
    found = connection_names.known(settings, store) if store else connection_names.arranged((), settings)
    those = [each for each in found if each.system == system and name in {"", each.name}]
    if len(those) == 1:
        return those[0]
    if those:
        msg = f"{system} is connected several times: add --connection {' or '.join(each.name for each in those)}"
        raise UnconnectedError(msg)
    wanted = f"{name} is no connection to {system}" if name else f"{system} is not connected"
    msg = f"{wanted}: run coldframe connect {system}, or set {vendors.vendor(system).token} (docs/connecting.md)"
    raise UnconnectedError(msg)
