"""What jobs ask every minute is found by an index of what is still to be done, however much was done before."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from integration.store.assigning import assigned_tasks, left_behind
from integration.store.db.session import Store
from integration.store.outgoing import pointless_tasks

ASKED: dict[str, Callable[[Connection], Any]] = {
    "tasks that were promised and are overdue": lambda conn: assigned_tasks.overdue(conn, 200, handoff="handoff"),
    "tasks that are to be taken over": lambda conn: pointless_tasks.taken_over(conn, 200),
    "leads whose owner has left": lambda conn: left_behind.owned_by_leavers(conn, 200),
    "leads whose last task was somebody's who has left": lambda conn: left_behind.had_by_leavers(conn, 200),
    "tasks of somebody who has left": lambda conn: left_behind.tasks_of_leavers(conn, 200),
}
GROWING = ("outbox", "assignments", "effects", "leads", "clock_runs")


def scans(store: Store, ask: Callable[[Connection], Any]) -> list[str]:
    """The whole tables through which SQLite looks for an answer."""
    asked: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with store.read() as conn:
            ask(conn)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with store.read() as conn:
        plans = [
            conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            for statement, parameters in asked
            if statement.lstrip().startswith(("SELECT", "WITH"))
        ]
    said = [str(step[3]) for plan in plans for step in plan]
    assert said, "something was asked"
    return [each for each in said if each.startswith(tuple(f"SCAN {name}" for name in GROWING)) and "INDEX" not in each]


@pytest.mark.parametrize("what", ASKED)
def test_no_minute_looks_through_all_that_was_ever_sent(sqlite_url: str, what: str) -> None:
    store = Store.open(sqlite_url)
    try:
        assert scans(store, ASKED[what]) == []
    finally:
        store.dispose()
