"""`coldframe lanes`: how many shards there are, who works them, and another number while everything runs."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from integration.cli import main
from integration.store.audit import audit_trail
from integration.store.db.shards import Shard
from integration.store.queues import lane_shards
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def coldframe(service: Service, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(build, "service", lambda: service)
    return lambda *words: CliRunner().invoke(main, words, catch_exceptions=False)


def test_the_number_of_shards_is_changed_on_postgresql_and_audited_and_refused_on_sqlite(
    coldframe: Callable[..., Result], service: Service, database: str, woken: list[str]
) -> None:
    ran = coldframe("lanes", "shards", "4", "--json")
    shown = json.loads(coldframe("lanes", "show", "--json").output)
    if database == "sqlite":
        assert ran.exit_code == 1
        assert "several need PostgreSQL" in ran.output
        assert [(each["lane"], each["shard"], each["of"]) for each in shown] == [("ingest", 0, 1), ("advance", 0, 1)]
        return
    assert json.loads(ran.output) == {"shards": 4, "before": 1}
    assert woken == ["ingest", "advance"]
    with service.store.write() as conn:
        assert [entry.action for entry in audit_trail.recent(conn, 9)] == ["part lanes"]
        lane_shards.take(conn, "advance", Shard(number=2, of=4), "worker:7", MINUTE)
    shown = json.loads(coldframe("lanes", "show", "--json").output)
    assert [each["holder"] for each in shown if each["lane"] == "advance"] == [None, None, "worker:7", None]
    assert "worker:7" in coldframe("lanes", "show").output
    assert coldframe("lanes", "shards", "65").exit_code == 2
