"""Fixtures of tests that come from a browser or another program: sign-in pages, and the service at a real address."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flows_run import Watch
from public_sign_in import HERE, Door, Doors, settings_at
from served_apps import served
from webhooks_senders import Wall

from integration.signin.keep_sign_in import Means
from integration.store.db.session import Store
from integration.web.app import INTAKE, create_app
from integration.wiring import clock
from sandbox.server import Sandbox


@pytest.fixture
def doors(store: Store, sandbox: Sandbox, at: Watch) -> Iterator[Doors]:
    apps: list[Flask] = []

    def build(public_url: str = HERE) -> Door:
        settings = settings_at(public_url)
        app = create_app(settings, store=store, wake=lambda _: None, queue=list, now=at)
        apps.append(app)
        return Door(
            app=app,
            store=store,
            sandbox=sandbox,
            means=Means(settings=settings, store=store, now=at, actor="cli"),
        )

    yield build
    for app in apps:
        app.extensions[INTAKE].close()


@pytest.fixture
def door(doors: Doors) -> Door:
    return doors()


@pytest.fixture
def url(app: Flask, wall: Wall) -> Iterator[str]:
    """The service over a real socket, at the time that programs of pages go by."""
    wall.at = clock.now()
    with served(app) as address:
        yield address
