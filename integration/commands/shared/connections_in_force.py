"""The connections as commands look at them: by the mappings that were published, or that settings name."""

from collections.abc import Mapping

from integration.flows.base import running_mappings
from integration.flows.base.service import Connection
from integration.settings.environment import Settings
from integration.store.db import migrate
from integration.store.db.session import Store
from integration.store.events import playbook_versions
from integration.wiring import build
from mappings.values.identifiers import ConnectionName


def connections_in_force(settings: Settings, store: Store | None) -> Mapping[ConnectionName, Connection]:
    """Every connected CRM, by the mapping that was published by command, else by that of settings.

    A file that settings name is in force, or is about to be. Raises as `build.connections`.
    """
    found = build.connections(settings, store)
    free = {name: each for name, each in found.items() if not each.of_file}
    if store is None or not free:
        return found
    with store.read() as conn:
        files = playbook_versions.files(conn) if migrate.up_to_date(conn) else {}
    words = build.vocabulary(settings.vocabulary)
    return {**found, **(running_mappings.applied(free, files, words) or free)}
