"""What somebody asks for who wants to sign in to a CRM, completed by what is known, and everything wrong with it."""

from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from connectors import vendors
from connectors.shared.vendor import Wished
from integration.settings.environment import Settings
from integration.settings.value_types import GuardedAddress
from integration.store.audit.sealing import SealError
from integration.store.crm import connections
from integration.store.crm.connections import Details, GrantKind, Row, Secrets
from integration.wiring import connection_names
from mappings.values.identifiers import ConnectionName, System


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRequest:
    """The connection that somebody wants, as far as it is known before signing in."""

    name: ConnectionName
    system: System
    grant: GrantKind
    details: Details
    secrets: Secrets


def remembered(request: SignInRequest, row: Row | None, settings: Settings) -> SignInRequest:
    """The request, completed by what an earlier sign-in under this name knows.

    Secrets that no longer open are asked for anew.
    """
    if row is None or row.system != request.system or row.grant != request.grant:
        return request
    try:
        kept = connections.unsealed(row, connection_names.keyring(settings))
    except SealError:
        kept = Secrets()
    old, new = row.details, request.details
    return replace(
        request,
        details=replace(
            new,
            client_id=new.client_id or old.client_id,
            login_url=new.login_url or old.login_url,
            instance_url=new.instance_url or old.instance_url,
            api_url=new.api_url or old.api_url,
            user=new.user or (old.user if request.grant == "jwt_bearer" else ""),
        ),
        secrets=replace(
            request.secrets,
            client_secret=request.secrets.client_secret or kept.client_secret,
            private_key=request.secrets.private_key or kept.private_key,
        ),
    )


def mistakes(request: SignInRequest, row: Row | None = None) -> list[str]:
    """Everything that is wrong with a request, for people; `row` is what is stored under its name."""
    details, secrets = request.details, request.secrets
    other = row.system if row and row.system != request.system else ""
    rules = vendors.vendor(request.system).sign_in
    secret_needed = request.grant == "client_credentials" or (
        request.grant == "authorization_code" and not rules.public
    )
    told = [
        (connection_names.misnamed(request.name, request.system), True),
        (f"'{request.name}' is a connection to {other}: choose another --name", bool(other)),
        ("--api-url must be https, or a sandbox on this machine", not _guarded(details.api_url)),
        (
            "--client-id is missing: the app's client id (consumer key)",
            request.grant != "token" and not details.client_id,
        ),
        (
            "--username is missing: the integration user as whom to ask",
            request.grant == "jwt_bearer" and not details.user,
        ),
        ("--key-file is missing: the private key (PEM)", request.grant == "jwt_bearer" and not secrets.private_key),
        ("the access token is missing", request.grant == "token" and not secrets.access_token),
        (_no_secret(request.system), secret_needed and not secrets.client_secret),
    ]
    wished = Wished(
        grant=request.grant,
        login_url=details.login_url,
        instance_url=details.instance_url,
        api_url=details.api_url,
    )
    return [*(text for text, wrong in told if text and wrong), *rules.wrong(wished)]


def _guarded(address: str) -> bool:
    try:
        TypeAdapter(GuardedAddress).validate_python(address or "https://x")
    except ValidationError:
        return False
    return True


def _no_secret(system: System) -> str:
    variable = vendors.vendor(system).sign_in.secret
    return f"the client secret is missing: set {variable}, type it when you are asked, or use --secret-stdin"
