"""Provisioners: what creates our fields in a connected CRM, built from settings."""

from collections.abc import Sequence

from connectors.hubspot.setup.provision import HubSpotProvisioner
from connectors.hubspot.setup.public_app import App
from connectors.salesforce.setup.provision import SalesforceProvisioner
from connectors.shared.provisioning import Provisioner
from integration.settings.environment import Settings
from integration.store.db.session import Store
from integration.wiring import build, connection_names
from integration.wiring.build import UnusableError
from integration.wiring.connection_names import Known
from mappings.model.compiled_mapping import CrmMapping
from mappings.translate.translation import load_mapping


class UnconnectedError(Exception):
    """The system is not connected; the message says how to connect it."""


def provisioner(
    settings: Settings, store: Store | None, system: str, *, name: str = "", sales: Sequence[str] = ()
) -> tuple[Provisioner, CrmMapping]:
    """What provisions a system, and the mapping that says what is needed. Close it after use.

    `name` is the connection's, where there are several; `sales` are Salesforce user names. `store` holds those that
    people have signed in to. Raises UnconnectedError, and UnusableError with the mapping's mistakes.
    """
    connection = chosen(settings, store, system, name)
    credential = build.credential(settings, store, connection)
    words = build.vocabulary(settings.vocabulary)
    mapping, problems = load_mapping(system, settings.mapping_of(connection.name, system), words)
    if mapping is None:
        raise UnusableError(problems)
    if system == "hubspot":
        url = f"{settings.public_url}/webhooks/hubspot" if settings.public_url else ""
        key = settings.hubspot_developer_key
        app = (
            App(number=settings.hubspot_app_id, key=key.get_secret_value()) if settings.hubspot_app_id and key else None
        )
        return HubSpotProvisioner(credential, webhook_url=url, app=app), mapping
    return SalesforceProvisioner(credential, sales=sales), mapping


def chosen(settings: Settings, store: Store | None, system: str, name: str) -> Known:
    """The connection of a system by name, or its only one. Raises UnconnectedError."""
    found = connection_names.known(settings, store) if store else connection_names.arranged((), settings)
    those = [each for each in found if each.system == system and name in {"", each.name}]
    if len(those) == 1:
        return those[0]
    if those:
        msg = f"{system} is connected several times: add --connection {' or '.join(each.name for each in those)}"
        raise UnconnectedError(msg)
    wanted = f"{name} is no connection to {system}" if name else f"{system} is not connected"
    msg = f"{wanted}: run coldframe connect {system}, or set {system.upper()}_ACCESS_TOKEN (docs/connecting.md)"
    raise UnconnectedError(msg)
