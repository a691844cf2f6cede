"""Keeps what a vendor has issued as a connection, whichever way somebody signed in: one name is one account."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from connectors.base.port import Unavailable
from connectors.base.sign_in_port import Issued, SignIn
from integration.settings.environment import Settings
from integration.signin.loopback_callback import NotSignedInError
from integration.signin.sign_in_request import SignInRequest
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.crm import connection_pauses, connections
from integration.store.crm.connections import Details, Row
from integration.store.db.session import Store
from integration.wiring import build, connection_names
from mappings.values import record_ids
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What signing in takes in this process; `actor` is what the audit trail calls it."""

    settings: Settings
    store: Store
    now: Callable[[], Instant]
    actor: str


def keep(request: SignInRequest, issued: Issued, endpoint: SignIn, means: Means) -> Details:
    """Store what was issued as a live connection. Raises Unavailable, NotSignedInError.

    A connection that had been signed out goes on.
    """
    if request.grant == "authorization_code" and not issued.refresh_token:
        msg = "the vendor gave no refresh token: let the app ask for offline access (the scope refresh_token)"
        raise NotSignedInError(msg)
    account = endpoint.account(issued)
    _same_account(request, account, means.store)
    details = replace(
        request.details,
        instance_url=issued.instance_url or request.details.instance_url,
        user=request.details.user or issued.user,
        account=account,
        scopes=issued.scopes,
    )
    at = means.now()
    with means.store.write() as conn:
        connections.put(
            conn,
            request.name,
            system=request.system,
            grant=request.grant,
            details=details,
            secrets=replace(request.secrets, access_token=issued.access_token, refresh_token=issued.refresh_token),
            expires_at=None if issued.lifetime is None else at + issued.lifetime,
            keyring=connection_names.keyring(means.settings),
            now=at,
        )
        connection_pauses.signed_in(conn, request.name, at)
        detail = {"system": request.system, "grant": request.grant, "account": account}
        audit_trail.add(conn, [Entry(at=at, actor=means.actor, action="connect", subject=request.name, detail=detail)])
    return details


def _same_account(request: SignInRequest, account: str, store: Store) -> None:
    """One name is one account for ever: the records of another would be taken for those that are known here."""
    name = request.name
    with store.read() as conn:
        row = connections.get(conn, name)
        others = [
            each.name for each in connections.every(conn) if each.name != name and _is(each, request.system, account)
        ]
    if row and row.system != request.system:
        msg = f"'{name}' is a connection to {row.system}: choose another --name"
        raise NotSignedInError(msg)
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


def tried(name: ConnectionName, settings: Settings, store: Store) -> str:
    """One call through a stored connection; the object that was described. Raises Unavailable."""
    there = build.connections(settings, store)[name]
    person = there.mapping.people[0]
    with closing(there.connector):
        there.connector.describe(person)
    return person


def refusal_words(fault: Unavailable) -> str:
    """A vendor's refusal, for people."""
    return f"{fault.receipt.code} {fault.receipt.message}".strip()
