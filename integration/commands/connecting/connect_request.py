"""What somebody asks of `coldframe connect`: from the options, the environment, an earlier sign-in and the keyboard."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import click

from connectors.shared.vendor import Vendor
from integration.settings.environment import Settings
from integration.signin.sign_in_request import SignInRequest, remembered
from integration.store.crm.connections import Details, GrantKind, Row, Secrets
from mappings.values.identifiers import ConnectionName, System, first_of


def called(system: System, options: dict[str, Any]) -> ConnectionName:
    """The name that was asked for, else the system's."""
    return ConnectionName(options["name"]) if options["name"] else first_of(system)


def asked_for(vendor: Vendor, options: dict[str, Any], settings: Settings, row: Row | None) -> SignInRequest:
    """The request, from the options, the environment, an earlier sign-in and the person, in that order."""
    name, rules = called(vendor.system, options), vendor.sign_in
    grant = cast("GrantKind", options["grant"].replace("-", "_"))
    key_file = options.get("private_key")
    request = SignInRequest(
        name=name,
        system=vendor.system,
        grant=grant,
        details=Details(
            client_id=options["client_id"],
            login_url=options.get("login_url", "").rstrip("/"),
            instance_url=options.get("instance_url", "").rstrip("/"),
            api_url=options["api_url"].rstrip("/"),
            user=options.get("user", ""),
        ),
        secrets=Secrets(private_key=_read(key_file) if key_file else ""),
    )
    given = sys.stdin.readline().strip() if options["secret_stdin"] else ""
    if grant == "token":
        request = remembered(_with(request, access_token=given or _asked("Access token")), row, settings)
        return _with_webhook_secret(request, options) if rules.signs_webhooks else request
    if grant == "jwt_bearer":
        return remembered(request, row, settings)
    known = given or (settings.given.text(rules.secret) if rules.secret else "")
    request = remembered(_with(request, client_secret=known), row, settings)
    if request.secrets.client_secret or not request.details.client_id:
        return request
    return _with(request, client_secret=_asked("Client secret", optional=rules.public))


def _with_webhook_secret(request: SignInRequest, options: dict[str, Any]) -> SignInRequest:
    """A plain token comes without the secret of the app that sends the webhooks: the next line, or typed."""
    given = sys.stdin.readline().strip() if options["secret_stdin"] else ""
    asked = given or (
        ""
        if request.secrets.client_secret
        else _asked("Client secret of the app that sends the webhooks", optional=True)
    )
    return _with(request, client_secret=asked or request.secrets.client_secret)


def _with(request: SignInRequest, **secrets: str) -> SignInRequest:
    return replace(request, secrets=replace(request.secrets, **secrets))


def _asked(what: str, *, optional: bool = False) -> str:
    """Typed unseen; never where nobody can type."""
    if not sys.stdin.isatty():
        return ""
    more = " (empty for none)" if optional else ""
    return str(click.prompt(f"{what}{more}", hide_input=True, default="" if optional else None, show_default=False))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not PEM text'}"
        raise click.UsageError(msg) from None
