"""Four workers at once give out tasks: weights hold, nobody has too many, nobody absent, gone or a queue gets one.

The same while workers are killed. `make assignments` does it with 1,000 tasks, and with twelve kills.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: the same moments every time

import assigning_crowd
import forked_programs
import pytest
from assigning_crowd import CONNECTIONS, FULL, MAIN, address
from flows_run import write_freely
from forked_programs import Forked

from integration.store.assigning import assigned_tasks, pool_credit
from integration.store.db.session import Store
from integration.store.outgoing import unassigned

PATIENCE = 120
WHOLE = 1_000


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both databases, without and with kills; kills on PostgreSQL take long, and are left to `make assignments`."""
    if "kills" in metafunc.fixturenames:
        whole = int(metafunc.config.getoption("--assignments")) >= WHOLE
        cases = [("sqlite", False), ("sqlite", True), ("postgresql", False), *([("postgresql", True)] if whole else [])]
        metafunc.parametrize(("database", "kills"), cases)


@pytest.fixture
def crowd(request: pytest.FixtureRequest) -> int:
    """How many tasks the large pool gets."""
    return int(request.config.getoption("--assignments"))


@contextmanager
def workers(url: str, folder: Path) -> Iterator[list[Forked]]:
    """One worker for each connection; `start` a further one by its place in the list."""
    with ExitStack() as stack:
        files = [stack.enter_context((folder.parent / f"worker-{name}.log").open("wb")) for name in CONNECTIONS]
        started = [start(url, folder, place, file) for place, file in enumerate(files)]
        stack.callback(lambda: [each.kill() for each in started])
        yield started


def start(url: str, folder: Path, place: int, log: object) -> Forked:
    words = [assigning_crowd.__file__, url, str(folder), CONNECTIONS[place], f"w{place}:{time.monotonic_ns()}"]
    return forked_programs.start(words, {"PYTHONPATH": forked_programs.PATH}, output=log, errors=log)  # type: ignore[arg-type] # an open file


def test_what_everybody_gets_from_four_workers_at_once(
    store: Store, store_url: str, tmp_path: Path, crowd: int, *, kills: bool
) -> None:
    write_freely(store)
    assigning_crowd.prepare(store, crowd, max(10, crowd // 20))
    folder = tmp_path / "crm"
    folder.mkdir()
    chance = Random(5)  # noqa: S311 - moments, no secrets
    to_kill = max(3, crowd // 80) if kills else 0
    with workers(store_url, folder) as running:
        deadline = time.monotonic() + PATIENCE
        log = (tmp_path / "again.log").open("wb")
        while any(each.poll() is None for each in running):
            assert time.monotonic() < deadline, "the workers are not done"
            time.sleep(chance.uniform(0.05, 0.25))
            place = chance.randrange(len(running))
            if to_kill and running[place].poll() is None and any(folder.iterdir()):
                running[place].kill()
                running[place].wait(10)
                running[place] = start(store_url, folder, place, log)
                to_kill -= 1
        log.close()
        logs = "".join(each.read_text() for each in tmp_path.glob("*.log"))
        assert [each.returncode for each in running] == [0] * len(running), logs[-3_000:]
    check(store, folder, crowd)


def check(store: Store, folder: Path, crowd: int) -> None:
    """Everybody's tasks, by what the store says and by what the CRM was given."""
    made = dict(json.loads(file.read_text()) for file in folder.iterdir())
    with store.read() as conn:
        opened = assigned_tasks.open_by_pool(conn)
        credit = pool_credit.of_pools(conn, ["main"])["main"]
        waiting = {(each.connection, each.reason): each.count for each in unassigned.counts(conn)}
        rows = conn.exec_driver_sql("SELECT key, connection, user_id FROM assignments").all()
    total = sum(MAIN.values())
    for name, weight in MAIN.items():
        assert abs(opened[address(name), "main"] - crowd * weight / total) <= 1, name
    assert {person for person, pool in opened if pool == "main"} == {address(name) for name in MAIN}
    given = Counter[str]()
    for (person, _), count in opened.items():
        given[person] += count
    for name, most in FULL.items():
        assert given[address(name)] == most, name
    assert set(given) == {address(name) for name in (*MAIN, *FULL)}, "nobody absent, gone, a queue, us or unknown"
    asked = 2 * max(10, crowd // 20)
    assert sum(waiting.values()) == asked - sum(FULL.values())
    assert {reason for _, reason in waiting} == {"nobody_available"}
    assert sum(credit.values()) == 0
    assert made == {key: user for key, _, user in rows}, "each task was made once, for whom the store says"
    assert all(user.startswith(f"{connection}-") for _, connection, user in rows)
