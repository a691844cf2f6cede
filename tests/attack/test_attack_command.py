"""`coldframe attack`: a short form of it passes, and what does not pass is reported and ends with status 1."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psutil
import psycopg
import pytest
import requests
from places import ROOT
from standardwebhooks import Webhook
from web_process import SECRET

from integration.commands.trial.attack import attacks
from integration.rig.attack import attack_run
from integration.rig.attack.attack_ground import Attack, Ground
from integration.rig.attack.attack_run import Result
from integration.rig.attack.innocent_client import DELIVERY, HEALTH, Answer, InnocentClient
from integration.rig.stage import scratch_database
from integration.rig.stage.run_folder import run_folder


def test_the_short_form_attacks_in_every_way_and_holds_and_leaves_no_process() -> None:
    mark = secrets.token_hex(8)
    command = [sys.executable, "-m", "integration", "attack", "--short", "--json", "--seconds", "10", "--dead", "150"]
    around = {"PYTHONPATH": str(ROOT), "TRY_OF_ATTACKS": mark}
    done = subprocess.run(command, env=around, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    results = json.loads(done.stdout)
    assert [each["faults"] for each in results] == [[]] * len(results), done.stdout
    assert {each["point"] for each in results} == {1, 2, 3, 4, 6}
    assert [each["name"] in done.stderr for each in results] == [True] * len(results), "each is printed when it ends"
    assert done.returncode == 0
    assert marked(mark) == []


def marked(mark: str) -> list[list[str]]:
    """The processes that were started, by whomever, from the one that has this mark."""
    found = []
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if each.environ().get("TRY_OF_ATTACKS") == mark:
                found.append(each.cmdline())
    return found


def test_every_attack_has_a_name_of_its_own_and_a_point() -> None:
    known = attacks()
    assert len({each.name for each in known}) == len(known) > 50
    assert {each.point for each in known} == {1, 2, 3, 4, 6}


class _Broken:
    """A product that answers nobody, and never has done its work; its innocent client is answered at once."""

    url = "http://127.0.0.1:9"

    def __init__(self) -> None:
        self.programs = self

    def watch(self) -> None:
        """Nothing is started again."""

    def ask(self, _seconds: float, _least: int) -> list[Answer]:
        return [Answer(name=DELIVERY, seconds=0.1, status=202)]


def test_what_is_late_refused_dead_or_not_as_before_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: Any = _Broken()
    said = iter(
        [
            Answer(name=DELIVERY, seconds=0.4, status=429),
            Answer(name=HEALTH, seconds=0.1, status=None, missing="ReadTimeout"),
        ]
    )

    def refused() -> int:
        raise requests.ConnectionError

    def run(ground: Ground) -> None:
        ground.answer("refused", lambda: 503)
        ground.answer("silent", refused)
        monkeypatch.setattr(broken, "ask", lambda _seconds, _least: list(said), raising=False)
        ground.probe()

    found = attack_run.carried_out(broken, broken, Attack(point=1, name="x", run=run), 0.3, 0.4)
    assert found.faults == (
        "refused was answered with 503",
        "silent had no answer (ConnectionError)",
        "a delivery took 0.4 s",
        "a delivery was answered with 429",
        "GET /healthz had no answer (ReadTimeout)",
        "it does not work as before after 0 s",
    )
    assert (found.slowest, found.quiet, found.ratio) == (0.4, 0.1, pytest.approx(4))


def test_what_cannot_be_carried_out_has_not_held() -> None:
    broken: Any = _Broken()

    def run(_ground: Ground) -> None:
        raise requests.ConnectionError

    found = attack_run.carried_out(broken, broken, Attack(point=1, name="x", run=run), 2.0, 0.1)
    assert found.faults[0].startswith("it could not be carried out: ConnectionError")


@pytest.mark.parametrize(("longest", "why"), [(60.0, "the product stayed dead"), (-1.0, "the run took longer than")])
def test_a_run_ends_where_the_product_stays_dead_or_time_is_up_and_the_rest_has_not_held(
    monkeypatch: pytest.MonkeyPatch, longest: float, why: str
) -> None:
    broken: Any = _Broken()
    dead = (f"{attack_run.DEAD} after 60 s",) if longest > 0 else ()
    monkeypatch.setattr(attack_run, "LONGEST_RUN", longest)
    monkeypatch.setattr(attack_run, "InnocentClient", lambda *_: contextlib.nullcontext(broken))
    monkeypatch.setattr(
        attack_run, "carried_out", lambda *given: Result(point=1, name=given[2].name, slowest=0.5, faults=dead)
    )
    broken.environment = {"COLDFRAME_ACTIVITY_SECRET": "whsec_"}
    told: list[Result] = []
    chosen = [Attack(point=1, name=name, run=lambda _ground: None) for name in "ab"]
    first, rest = attack_run.all_carried_out(broken, chosen, 2.0, 60.0, told.append)
    assert told == [first]
    assert first.faults == dead
    assert rest.faults[0].startswith(f"it was not carried out: {why}")


def test_the_innocent_client_has_a_process_of_its_own_and_says_how_long_each_answer_took() -> None:
    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_POST(self) -> None:
            time.sleep(0.2)
            Webhook(SECRET).verify(self.rfile.read(int(self.headers["content-length"])), dict(self.headers.items()))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with InnocentClient(url, SECRET, {"PYTHONPATH": str(ROOT)}) as client:
            pid = client.pid
            found = client.ask(0.0, 2)
            server.shutdown()
            server.server_close()
            missing = client.ask(0.0, 2)
    assert pid != os.getpid()
    assert not psutil.pid_exists(pid)
    assert [(each.name, each.status) for each in found] == [(HEALTH, 200), (DELIVERY, 202)] * 2
    assert all(each.seconds >= 0.2 for each in found if each.name == DELIVERY)
    assert [each.missing for each in missing] == ["ConnectionError"] * 2, "it gives up after the first that is missing"


def test_a_run_that_is_told_to_end_stops_what_it_started_and_removes_its_folder() -> None:
    before = signal.getsignal(signal.SIGTERM)
    stopped, folders = [], []

    def run() -> None:
        with run_folder("try", in_memory=True) as folder, contextlib.ExitStack() as all_of:
            folders.append(folder)
            all_of.callback(stopped.append, "stopped")
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)

    with pytest.raises(SystemExit, match="143"):
        run()
    assert stopped == ["stopped"]
    assert not folders[0].exists()
    assert signal.getsignal(signal.SIGTERM) is before


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
