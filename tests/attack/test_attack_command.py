"""`coldframe attack`: a short form of it holds, and whatever does not hold is said and ends with status 1."""

import json
import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest
import requests
from places import ROOT

from integration.commands.trial.attack import attacks
from integration.rig.attack import attack_run
from integration.rig.attack.attack_run import Attack, Ground
from integration.rig.stage import scratch_database


def test_the_short_form_attacks_in_every_way_and_holds() -> None:
    command = [sys.executable, "-m", "integration", "attack", "--short", "--json", "--seconds", "10"]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT)}, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    results = json.loads(done.stdout)
    assert [each["faults"] for each in results] == [[]] * len(results), done.stdout
    assert {each["point"] for each in results} == {1, 2, 3, 4, 6}
    assert done.returncode == 0


def test_every_attack_has_a_name_of_its_own_and_a_point() -> None:
    known = attacks()
    assert len({each.name for each in known}) == len(known) > 50
    assert {each.point for each in known} == {1, 2, 3, 4, 6}


class _Broken:
    """A product that answers late, wrongly or not at all, and never has done its work."""

    url = "http://127.0.0.1:9"

    def __init__(self) -> None:
        self.fleet = self

    def watch(self) -> None:
        """Nothing is started again."""


def test_what_is_late_refused_dead_or_not_as_before_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attack_run, "LONGEST_DEAD", 0.2)
    broken: Any = _Broken()

    def refused() -> int:
        raise requests.ConnectionError

    def late() -> int:
        time.sleep(0.02)
        return 200

    def run(ground: Ground) -> None:
        ground.latest = 0.01
        ground.answer("late", late)
        ground.answer("refused", lambda: 503)
        ground.answer("silent", refused)

    found = attack_run.carried_out(broken, Attack(point=1, name="x", run=run))
    assert found.faults[0].startswith("late took")
    assert "refused was answered with 503" in found.faults
    assert "silent had no answer (ConnectionError)" in found.faults
    assert found.faults[-1] == "it does not work as before after 0.2 s"


def test_a_run_on_postgresql_has_a_database_of_its_own_and_leaves_nothing(cluster: Any) -> None:
    given = {"DATABASE_URL": cluster.url("template").replace("postgresql://", "postgres://")}

    def names() -> set[str]:
        with psycopg.connect(cluster.url("postgres")) as conn:
            return {name for (name,) in conn.execute("SELECT datname FROM pg_database")}

    before = names()
    with scratch_database.database(given) as found:
        (made,) = names() - before
        assert found["DATABASE_URL"].endswith(f"/{made}")
        psycopg.connect(found["DATABASE_URL"]).close()
    assert names() == before
    with scratch_database.database({}) as sqlite:
        assert sqlite == {}


def test_a_server_that_does_not_answer_is_said() -> None:
    given = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/x"}
    with (
        pytest.raises(scratch_database.NoDatabaseError, match="DATABASE_URL's server"),
        scratch_database.database(given),
    ):
        pass
