"""Signing in: from a person's request to a stored connection that works."""

import secrets as chance
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from connectors import vendors
from connectors.answers.replies import clean
from connectors.base.port import Unavailable
from connectors.base.sign_in_port import Asking, Issued, SignIn
from connectors.shared.vendor import Wished
from integration.flows.upkeep.renew_tokens import client
from integration.settings.environment import Settings
from integration.settings.value_types import GuardedAddress
from integration.signin.loopback_callback import Loopback, NotSignedInError
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.audit.sealing import SealError
from integration.store.crm import connection_pauses, connections
from integration.store.crm.connections import Details, GrantKind, Row, Secrets
from integration.store.db.session import Store
from integration.wiring import build, connection_names
from mappings.values import record_ids
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import Instant

__all__ = ["NotSignedInError", "SignInRequest", "Walk", "mistakes", "remembered", "sign_in", "tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRequest:
    """The connection that somebody wants, as far as it is known before signing in."""

    name: ConnectionName
    system: System
    grant: GrantKind
    details: Details
    secrets: Secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How a person is taken to the vendor's page: `show` gets its address; `wait` is in seconds."""

    show: Callable[[str, str], None]
    port: int
    host: str = "localhost"
    wait: float = 300.0


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
        ("the client secret is missing", secret_needed and not secrets.client_secret),
    ]
    wished = Wished(
        grant=request.grant,
        login_url=details.login_url,
        instance_url=details.instance_url,
        api_url=details.api_url,
    )
    return [*(text for text, wrong in told if text and wrong), *rules.wrong(wished)]


def sign_in(
    request: SignInRequest, walk: Walk, settings: Settings, store: Store, now: Callable[[], Instant]
) -> Details:
    """Get a token the requested way and store it, live. Raises Unavailable, NotSignedInError, ValueError.

    A connection that had been signed out goes on.
    """
    with closing(build.token_endpoint(request.system, client(request.details, request.secrets))) as door:
        issued = _issued(request, walk, door, now())
        account = door.account(issued)
    _same_account(request, account, store)
    details = replace(
        request.details,
        instance_url=issued.instance_url or request.details.instance_url,
        user=request.details.user or issued.user,
        account=account,
        scopes=issued.scopes,
    )
    at = now()
    with store.write() as conn:
        connections.put(
            conn,
            request.name,
            system=request.system,
            grant=request.grant,
            details=details,
            secrets=replace(request.secrets, access_token=issued.access_token, refresh_token=issued.refresh_token),
            expires_at=None if issued.lifetime is None else at + issued.lifetime,
            keyring=connection_names.keyring(settings),
            now=at,
        )
        connection_pauses.signed_in(conn, request.name)
        told = {"system": request.system, "grant": request.grant, "account": account}
        audit_trail.add(conn, [Entry(at=at, actor="cli", action="connect", subject=request.name, detail=told)])
    return details


def _same_account(request: SignInRequest, account: str, store: Store) -> None:
    """One name is one account for ever: the records of another would be taken for those that are known here."""
    name = request.name
    with store.read() as conn:
        row = connections.get(conn, name)
        others = [
            each.name for each in connections.every(conn) if each.name != name and _is(each, request.system, account)
        ]
    before = row.details.account if row else ""
    if before and account and not record_ids.same(request.system, before, account):
        msg = (
            f"'{name}' is connected to account {before}, and this sign-in is to account {account}, whose records would "
            f"be taken for the others': sign in to {before}, or connect this one under a --name of its own"
        )
        raise NotSignedInError(msg)
    if others:
        msg = (
            f"account {account} is connected as '{others[0]}' already, and everything in it would be read and written "
            f"twice: sign in with --name {others[0]}, or coldframe connect remove {others[0]} first"
        )
        raise NotSignedInError(msg)


def _is(row: Row, system: System, account: str) -> bool:
    mine = row.details.account
    return row.system == system and bool(mine and account) and record_ids.same(system, mine, account)


def _guarded(address: str) -> bool:
    try:
        TypeAdapter(GuardedAddress).validate_python(address or "https://x")
    except ValidationError:
        return False
    return True


def tried(name: ConnectionName, settings: Settings, store: Store) -> str:
    """One call through a stored connection; the object that was described. Raises Unavailable."""
    there = build.connections(settings, store)[name]
    person = there.mapping.people[0]
    with closing(there.connector):
        there.connector.describe(person)
    return person


def _issued(request: SignInRequest, walk: Walk, door: SignIn, now: Instant) -> Issued:
    match request.grant:
        case "token":
            return Issued(access_token=clean(request.secrets.access_token), instance_url=request.details.instance_url)
        case "jwt_bearer":
            return door.asserted(now)
        case "client_credentials":
            return door.credentialed()
        case "authorization_code":
            issued = _walked(walk, door)
    if not issued.refresh_token:
        msg = "the vendor gave no refresh token: let the app ask for offline access (the scope refresh_token)"
        raise NotSignedInError(msg)
    return issued


def _walked(walk: Walk, door: SignIn) -> Issued:
    with Loopback(walk.port, walk.host) as loopback:
        asking = Asking(
            redirect_uri=loopback.address, state=chance.token_urlsafe(32), verifier=chance.token_urlsafe(48)
        )
        walk.show(door.address(asking), loopback.address)
        code = loopback.code(asking.state, walk.wait)
    return door.exchanged(code, asking)


def refusal_words(fault: Unavailable) -> str:
    """A vendor's refusal, for people."""
    return f"{fault.receipt.code} {fault.receipt.message}".strip()
