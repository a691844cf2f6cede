"""Connections that somebody has signed in to, for tests: tokens of the sandbox's own, kept in the test's store."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from connectors.base.credentials import Credential
from integration.flows.base.service import Connection
from integration.flows.upkeep.renew_tokens import Means, StoredTokens
from integration.store.audit.sealing import Keyring
from integration.store.crm import connections
from integration.store.crm.connections import Details, GrantKind, Row, Secrets
from integration.store.db.session import Store
from integration.wiring import build, clock
from mappings.values.instant import MINUTE, Instant
from sandbox.server import Sandbox
from sandbox.shared.call_gate import Gate

KEY = "k" * 32
CLIENT, SECRET = "client-1", "canary-client-secret-9"
TOKEN_CALLS = {"hubspot": "POST /oauth/2026-09/token", "salesforce": "POST /services/oauth2/token"}


def gate(sandbox: Sandbox, system: str) -> Gate:
    return sandbox.hubspot.gate if system == "hubspot" else sandbox.salesforce.gate


def token_calls(sandbox: Sandbox, system: str) -> int:
    """How many tokens were asked for."""
    return gate(sandbox, system).log.counts().get(TOKEN_CALLS[system], 0)


def sign_in(
    store: Store,
    sandbox: Sandbox,
    system: str,
    now: Instant,
    *,
    name: str = "",
    grant: GrantKind = "authorization_code",
    account: str = "",
    key: str = KEY,
) -> Secrets:
    """Store a connection as `coldframe connect` does; the secrets that it holds."""
    issuer = gate(sandbox, system).issuer
    secrets = Secrets(
        access_token=issuer.access(f"canary-{system}"),
        refresh_token=issuer.refresh(CLIENT) if grant == "authorization_code" else "",
        client_secret=SECRET,
    )
    details = Details(
        client_id=CLIENT,
        api_url=f"{sandbox.url}/{system}",
        instance_url=f"{sandbox.url}/salesforce" if system == "salesforce" else "",
        account=account,
    )
    with store.write() as conn:
        connections.put(
            conn,
            name or system,
            system=system,
            grant=grant,
            details=details,
            secrets=secrets,
            expires_at=now + 30 * MINUTE if system == "hubspot" and grant == "authorization_code" else None,
            keyring=Keyring.of(key),
            now=now,
        )
    return secrets


def stored(store: Store, name: str) -> Row:
    with store.read() as conn:
        row = connections.get(conn, name)
    assert row is not None
    return row


def secrets_of(store: Store, name: str, key: str = KEY) -> Secrets:
    return connections.unsealed(stored(store, name), Keyring.of(key))


def means(store: Store, now: Callable[[], Instant], holder: str = "test", key: str = KEY, **more: Any) -> Means:
    given: dict[str, Any] = {"sleep": time.sleep, "monotonic": clock.monotonic} | more
    return Means(store=store, keyring=Keyring.of(key), sign_in=build.token_endpoint, now=now, holder=holder, **given)


def connected(store: Store, now: Callable[[], Instant], *names: str, **more: Any) -> Mapping[str, Connection]:
    """The stored connections of these names, as a process of the service holds them."""
    rows = [stored(store, name) for name in names]
    return {
        row.name: build.connect(
            row.system,
            Credential(
                tokens=StoredTokens(means(store, now, **more), row.name),
                api_url=row.details.api_url,
                instance_url=row.details.instance_url,
            ),
            name=row.name,
            account=row.details.account,
        )
        for row in rows
    }


def say_yes(address: str) -> requests.Response:
    """Open the vendor's page as a browser does, which is sent back to this machine."""
    return requests.get(address, timeout=10)
