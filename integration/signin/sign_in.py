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

__all__ = ["NotSignedInError", "Walk", "Wish", "mistakes", "remembered", "sign_in", "tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
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


def remembered(wish: Wish, row: Row | None, settings: Settings) -> Wish:
    """The request, completed by what an earlier sign-in under this name knows.

    Secrets that no longer open are asked for anew.
    """
    if row is None or row.system != wish.system or row.grant != wish.grant:
        return wish
    try:
        kept = connections.unsealed(row, connection_names.keyring(settings))
    except SealError:
        kept = Secrets()
    old, new = row.details, wish.details
    return replace(
        wish,
        details=replace(
            new,
            client_id=new.client_id or old.client_id,
            login_url=new.login_url or old.login_url,
            instance_url=new.instance_url or old.instance_url,
            api_url=new.api_url or old.api_url,
            user=new.user or (old.user if wish.grant == "jwt_bearer" else ""),
        ),
        secrets=replace(
            wish.secrets,
            client_secret=wish.secrets.client_secret or kept.client_secret,
            private_key=wish.secrets.private_key or kept.private_key,
        ),
    )


def mistakes(wish: Wish, row: Row | None = None) -> list[str]:
    """Everything that is wrong with a request, for people; `row` is what is stored under its name."""
    details, secrets = wish.details, wish.secrets
    other = row.system if row and row.system != wish.system else ""
    rules = vendors.vendor(wish.system).sign_in
    secret_needed = wish.grant == "client_credentials" or (wish.grant == "authorization_code" and not rules.public)
    told = [
        (connection_names.misnamed(wish.name, wish.system), True),
        (f"'{wish.name}' is a connection to {other}: choose another --name", bool(other)),
        ("--api-url must be https, or a sandbox on this machine", not _guarded(details.api_url)),
        ("--client-id is missing: the app's client id (consumer key)", wish.grant != "token" and not details.client_id),
        ("--username is missing: the integration user as whom to ask", wish.grant == "jwt_bearer" and not details.user),
        ("--key-file is missing: the private key (PEM)", wish.grant == "jwt_bearer" and not secrets.private_key),
        ("the access token is missing", wish.grant == "token" and not secrets.access_token),
        ("the client secret is missing", secret_needed and not secrets.client_secret),
    ]
    wished = Wished(
        grant=wish.grant,
        login_url=details.login_url,
        instance_url=details.instance_url,
        api_url=details.api_url,
    )
    return [*(text for text, wrong in told if text and wrong), *rules.wrong(wished)]


def sign_in(wish: Wish, walk: Walk, settings: Settings, store: Store, now: Callable[[], Instant]) -> Details:
    """Get a token the requested way and store it, live. Raises Unavailable, NotSignedInError, ValueError.

    A connection that had been signed out goes on.
    """
    with closing(build.door(wish.system, client(wish.details, wish.secrets))) as door:
        issued = _issued(wish, walk, door, now())
        account = door.account(issued)
    _same_account(wish, account, store)
    details = replace(
        wish.details,
        instance_url=issued.instance_url or wish.details.instance_url,
        user=wish.details.user or issued.user,
        account=account,
        scopes=issued.scopes,
    )
    at = now()
    with store.write() as conn:
        connections.put(
            conn,
            wish.name,
            system=wish.system,
            grant=wish.grant,
            details=details,
            secrets=replace(wish.secrets, access_token=issued.access_token, refresh_token=issued.refresh_token),
            expires_at=None if issued.lifetime is None else at + issued.lifetime,
            keyring=connection_names.keyring(settings),
            now=at,
        )
        connection_pauses.signed_in(conn, wish.name)
        told = {"system": wish.system, "grant": wish.grant, "account": account}
        audit_trail.add(conn, [Entry(at=at, actor="cli", action="connect", subject=wish.name, detail=told)])
    return details


def _same_account(wish: Wish, account: str, store: Store) -> None:
    """One name is one account for ever: the records of another would be taken for those that are known here."""
    name = wish.name
    with store.read() as conn:
        row = connections.get(conn, name)
        others = [
            each.name for each in connections.every(conn) if each.name != name and _is(each, wish.system, account)
        ]
    before = row.details.account if row else ""
    if before and account and not record_ids.same(wish.system, before, account):
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


def _issued(wish: Wish, walk: Walk, door: SignIn, now: Instant) -> Issued:
    match wish.grant:
        case "token":
            return Issued(access_token=clean(wish.secrets.access_token), instance_url=wish.details.instance_url)
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


def told(fault: Unavailable) -> str:
    """A vendor's refusal, for people."""
    return f"{fault.receipt.code} {fault.receipt.message}".strip()
