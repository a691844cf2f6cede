"""Fixtures of the service in this process: a clock, both CRMs in the sandbox, a store, and the service on them."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import flows_run
import pytest
from flows_run import Watch
from flows_senders import free_port
from served_apps import served

from connectors.base.credentials import Credential
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.flows.base.service import Connection, Keys, Lanes, NewLeads, Rules
from integration.settings.environment import load
from integration.store.audit.sealing import Keyring
from integration.store.db.session import Store
from integration.web.app import INTAKE, create_app
from integration.wiring import build, clock
from integration.wiring.whole_service import Service
from mappings.values.instant import SECOND, parse
from sandbox.server import Sandbox

START = parse("2026-01-06T09:00:00Z")  # a Tuesday
INSTANCE = "https://sandbox.my.salesforce.com"
WEBHOOK_SECRET = "sandbox-hubspot-client-secret"


@pytest.fixture
def at() -> Watch:
    """The clock of the service and of both CRMs: call it to read it, set `at.now`, or let it go `forward`."""
    return Watch(START)


@pytest.fixture
def sandbox(at: Watch) -> Iterator[Sandbox]:
    """A HubSpot and a Salesforce over HTTP, empty."""
    with Sandbox(now=lambda: at() // 1_000) as box:
        box.hubspot.limits.searches = 0  # on a clock that stands still a second never ends
        yield box


@pytest.fixture
def database() -> str:
    """The kind of store; a module that wants both overrides this with parameters."""
    return "sqlite"


@pytest.fixture
def store_url(database: str, empty_store: Path, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of an own, migrated database."""
    if database == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    path = tmp_path / "coldframe.db"
    shutil.copy(empty_store, path)
    return f"sqlite:///{path}"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """That database, open."""
    opened = Store.open(store_url)
    yield opened
    opened.dispose()


@pytest.fixture
def woken() -> list[str]:
    """The lanes that a flow has asked to be woken."""
    return []


@pytest.fixture
def credentials(sandbox: Sandbox) -> Mapping[str, Credential]:
    """How to reach the sandbox's CRMs, Salesforce first: it is where tasks are at home when both know a person."""
    return {
        "salesforce": Credential(token="s", api_url=f"{sandbox.url}/salesforce", instance_url=INSTANCE),
        "hubspot": Credential(token="h", api_url=f"{sandbox.url}/hubspot"),
    }


@pytest.fixture
def connections(credentials: Mapping[str, Credential]) -> Mapping[str, Connection]:
    """Both CRMs, connected."""
    return {name: build.connect(name, credential) for name, credential in credentials.items()}


@pytest.fixture
def service(store: Store, connections: Mapping[str, Connection], at: Watch, woken: list[str]) -> Service:
    """The service in this process, on the playbook two-axis; nothing waits for a batch to fill."""
    return Service(
        store=store,
        rules=Rules(compiled=CompiledPlaybook.of(build.playbook("two-axis"))),
        connections=connections,
        now=at,
        wake=woken.append,
        lanes=Lanes(holder="test", lease=20 * SECOND, linger=0, sleep=flows_run.nap, monotonic=clock.monotonic),
        new_leads=NewLeads(new_id=clock.new_id, grace=30 * SECOND),
        keys=Keys(keyring=Keyring.of("k" * 32)),
    )


@pytest.fixture
def drain_all() -> Callable[[Service], int]:
    """`drain_all(service)`: ingest, refresh, advance and deliver until nothing is left to do now."""
    return flows_run.drain_all


@pytest.fixture
def webhooks(sandbox: Sandbox, store: Store, at: Watch) -> Iterator[None]:
    """The sandbox's HubSpot sends its webhooks to our door."""
    port = free_port()
    settings = load(
        {
            "COLDFRAME_SECRET_KEY": "k" * 32,
            "COLDFRAME_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "HUBSPOT_ACCESS_TOKEN": "h",
            "HUBSPOT_CLIENT_SECRET": WEBHOOK_SECRET,
        }
    )
    app = create_app(settings, store=store, wake=lambda _lane: None, queue=list, now=at)
    with served(app, port) as address:
        sandbox.send_webhooks(f"{address}/webhooks/hubspot", WEBHOOK_SECRET)
        yield
        sandbox.send_webhooks("")
    app.extensions[INTAKE].close()
