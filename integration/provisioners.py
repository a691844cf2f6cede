"""Provisioners: what makes our fields in a connected CRM, built from settings."""

from collections.abc import Sequence

from connectors.hubspot.app import App
from connectors.hubspot.provision import HubSpotProvisioner
from connectors.provisioning import Provisioner
from connectors.salesforce.provision import SalesforceProvisioner
from integration.settings import Settings
from integration.wiring import UnusableError
from mappings.crm import CrmMapping
from mappings.translate import load_mapping


class UnconnectedError(Exception):
    """The system is not connected; the message says how to connect it."""


def provisioner(settings: Settings, system: str, *, sales: Sequence[str] = ()) -> tuple[Provisioner, CrmMapping]:
    """What provisions a system, and the mapping that says what is needed. Close it after use.

    `sales` are Salesforce user names. Raises UnconnectedError, and UnusableError with the mapping's mistakes.
    """
    credential = settings.hubspot if system == "hubspot" else settings.salesforce
    if credential is None:
        msg = f"{system} is not connected: set {system.upper()}_ACCESS_TOKEN (docs/operations.md)"
        raise UnconnectedError(msg)
    mapping, problems = load_mapping(system, settings.mappings[system])
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
