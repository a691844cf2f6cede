"""The app project of a vendor: the files that its own tool uploads, with the addresses of this service in them."""

import ipaddress
from urllib.parse import urlsplit

from connectors import vendors
from connectors.shared.vendor import Project, ProjectRequest
from integration.settings.environment import Settings
from integration.settings.value_types import is_loopback
from integration.signin.loopback_callback import PATH, PORT
from integration.signin.public_sign_in import CALLBACK
from integration.wiring import provisioners
from mappings.values.identifiers import ConnectionName, System


class NoProjectError(Exception):
    """There is no project to be made; the message says why."""


def project(settings: Settings, system: System, connection: ConnectionName, *, several: bool = False) -> Project:
    """The project of the app that a connection's mapping needs, for one account or for `several` that sign in.

    Raises NoProjectError, UnusableError with the mapping's mistakes.
    """
    made = vendors.vendor(system).project
    if made is None:
        having = " and ".join(each.label for each in vendors.every() if each.project) or "no CRM that is installed"
        msg = f"{vendors.vendor(system).label} has no projects: --project is for {having}"
        raise NoProjectError(msg)
    mapping = provisioners.mapping(settings, system, connection)
    return made(mapping, _request(settings, system, several=several))


def _request(settings: Settings, system: System, *, several: bool) -> ProjectRequest:
    """Raises NoProjectError where the vendor cannot reach this service."""
    url = settings.public_url or ""
    amiss = unreachable(url)
    if amiss:
        label = vendors.vendor(system).label
        msg = f"{label} cannot send webhooks: COLDFRAME_PUBLIC_URL {amiss}. Set it to the https address of this service"
        raise NoProjectError(msg)
    redirects = (url + CALLBACK.format(system=system), f"http://localhost:{PORT}{PATH}")
    webhook_url = provisioners.webhook_url(settings, system)
    return ProjectRequest(webhook_url=webhook_url, redirect_urls=redirects, several=several)


def unreachable(url: str) -> str:
    """Why nobody outside can reach an address by https; "" where they may."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host:
        return "is not set"
    if parts.scheme != "https":
        return f"is {url}, which is not https"
    try:
        private = not ipaddress.ip_address(host).is_global
    except ValueError:
        private = is_loopback(host) or "." not in host or host.endswith((".local", ".internal", ".localhost"))
    return f"is {url}, which only this machine or its network can reach" if private else ""
