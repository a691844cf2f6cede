"""A store that a newer version has been at is said in one sentence, whichever command meets it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner
from sqlalchemy import text

from integration.cli import main
from integration.store.db.session import Store
from integration.wiring import build, logs

COMMANDS = {
    "migrate": [],
    "web": [],
    "clock": [],
    "worker": ["ingest"],
    "up": [],
    "doctor": [],
    "letters": ["list"],
    "levels": [],
    "explain": ["ana@acme.example"],
    "export": ["ana@acme.example"],
    "erase": ["ana@acme.example", "--yes"],
    "shadow": ["report"],
    "keys": ["rotate"],
    "pause": ["hubspot"],
    "resume": ["hubspot"],
    "sync": ["hubspot"],
    "backup": ["copy-that-is-never-made"],
}


@pytest.fixture
def newer(tmp_path: Path, store: Store) -> dict[str, str]:
    with store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.dispose()
    return {
        "COLDFRAME_DATA_DIR": str(tmp_path),
        "COLDFRAME_SECRET_KEY": "k" * 32,
        "COLDFRAME_PUBLIC_URL": "https://crm.example.com",
        "HUBSPOT_ACCESS_TOKEN": "t",
        "HUBSPOT_CLIENT_SECRET": "c" * 32,
        "HUBSPOT_API_URL": "http://127.0.0.1:9",
        "REDIS_URL": "redis://127.0.0.1:9/0",
    }


@pytest.fixture
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has refused a store ends; here its stores are closed, since the process goes on."""
    opened: list[Store] = []
    usual = Store.open

    def noted(url: str) -> Store:
        opened.append(usual(url))
        return opened[-1]

    monkeypatch.setattr(Store, "open", noted)
    yield
    for store in opened:
        store.dispose()


@pytest.mark.usefixtures("_closed")
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_that_the_store_is_newer(
    name: str, newer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (build.settings, build.wakeups, build._parts, build._store, build._service):  # noqa: SLF001
        each.cache_clear()
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(os, "nice", lambda _more: 0)
    monkeypatch.setattr(logs, "configure", lambda _settings: None)
    monkeypatch.setattr(structlog, "configure", lambda **_how: None)
    found = CliRunner().invoke(main, [name, *COMMANDS[name]], env=newer)
    assert found.exit_code != 0
    assert "a newer coldframe has been here" in " ".join(found.output.replace("│", " ").split()), found.output
    assert "Traceback" not in found.output
    assert found.exception is None or isinstance(found.exception, SystemExit)
    for each in (build.settings, build.wakeups, build._parts, build._store, build._service):  # noqa: SLF001
        each.cache_clear()
