"""Fixtures of the console: the web application with its pages, on a store, at a set time."""

from collections.abc import Iterator

import pytest
from console_browser import ConsoleGround, Grounds
from flask import Flask
from flows_run import Watch

from integration.settings.environment import load
from integration.store.db.session import Store
from integration.web.app import INTAKE, create_app
from integration.web.console import console_app
from integration.web.console.first_day import work_runs
from integration.web.console.rules import draft_impact
from integration.web.console.shell.console_parts import ConsoleParts
from integration.wiring.whole_service import Service


@pytest.fixture
def grounds(store: Store, at: Watch, service: Service) -> Iterator[Grounds]:
    apps: list[Flask] = []

    def build(**given: str) -> ConsoleGround:
        settings = load({"COLDFRAME_SECRET_KEY": "k" * 32, **given})
        app = create_app(settings, store=store, wake=lambda _: None, queue=list, now=at)
        parts = ConsoleParts(
            settings=settings,
            store=store,
            now=at,
            service=lambda: service,
            look_ahead=lambda draft: draft_impact.work(service, settings, draft),
            begin_work=lambda kind, connection: work_runs.carry_out(service, settings, kind, connection),
        )
        console_app.serve(app, parts)
        apps.append(app)
        return ConsoleGround(app, settings, store, at, settings.public_url or "http://127.0.0.1:8000")

    yield build
    for app in apps:
        app.extensions[INTAKE].close()


@pytest.fixture
def ground(grounds: Grounds) -> ConsoleGround:
    return grounds()
