"""An installation in this process that commands publish rules to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from flows_publishing import ANA, Coldframe
from flows_run import Watch, activity, drain_all, receive, with_parts

from integration.cli import main
from integration.commands.versions import versions as listing
from integration.store.db.session import Store
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import HOUR


@pytest.fixture
def running(service: Service, at: Watch) -> Service:
    """A service that has decided about somebody, and was started before the version in force."""
    service = with_parts(service, started=at(), linger=0)
    receive(service, activity("a1", ANA, "page_view", at(), page="pricing"))
    drain_all(service)
    at.forward(HOUR)
    return service


@pytest.fixture
def coldframe(running: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Coldframe]:
    """A command, called in this process; settings are those of the test."""

    @contextmanager
    def installed() -> Iterator[tuple[None, Store]]:
        yield None, running.store

    monkeypatch.setattr(build, "service", lambda: running)
    monkeypatch.setattr(listing, "installed", installed)
    for name, value in {"DATA_DIR": str(tmp_path), "SECRET_KEY": "k" * 32, "PLAYBOOK": "two-axis"}.items():
        monkeypatch.setenv(f"COLDFRAME_{name}", value)
    build.settings.cache_clear()
    yield lambda *words: CliRunner().invoke(main, words, catch_exceptions=False)
    build.settings.cache_clear()
