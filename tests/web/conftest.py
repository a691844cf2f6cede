"""Fixtures of the tests of signing in through the public address."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flows_run import Watch
from public_sign_in import HERE, Door, Doors, settings_at

from integration.signin.keep_sign_in import Means
from integration.store.db.session import Store
from integration.web.app import INTAKE, create_app
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
