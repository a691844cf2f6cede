"""docs/architecture.md shows the rooms and the data's way as they are: drawn from imports and from a run."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from graphlib import CycleError

import pictures
import pytest
import webhooks_senders as senders
from flask.testing import FlaskClient
from flows_crms import person
from flows_run import Watch
from sqlalchemy import event
from sqlalchemy.pool import Pool

from integration.flows.deciding.advance import advance
from integration.flows.delivering.deliver import deliver
from integration.flows.intake.ingest import ingest
from integration.flows.reading.refresh import read_records
from integration.wiring.whole_service import Service
from mappings.values.instant import DAY, HOUR, show
from sandbox.server import Sandbox
from sandbox.shared import call_log as log

QUEUES = {"inbox", "dirty", "refresh", "people_to_find", "outbox"}
"""Tables that hold work: who inserts gives work, who updates or deletes takes it."""
KEPT = {"activities", "changes", "effects", "leads"}
_WRITES = re.compile(r"batch/(update|create|upsert)")
_WRITTEN = re.compile(r"^(INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) \"?(\w+)")


@pytest.fixture
def wall(at: Watch) -> Watch:
    """The web process has the service's clock."""
    return at


def checked(name: str, text: str, *, draw: bool) -> None:
    page = pictures.PAGE.read_text(encoding="utf-8")
    if draw:
        page = pictures.replaced(page, name, text)
        pictures.PAGE.write_text(page, encoding="utf-8")
    assert pictures.replaced(page, name, text) == page, "docs/architecture.md is out of date: make pictures"


def test_the_page_shows_the_house_as_its_imports_are_without_a_circle(*, draw: bool) -> None:
    assert pictures.order(pictures.imports())
    checked("the house", f"```mermaid\n{pictures.house()}\n```", draw=draw)
    checked("the rooms", pictures.rooms(), draw=draw)


def test_a_circle_is_refused_and_a_way_that_another_says_is_not_drawn() -> None:
    with pytest.raises(CycleError):
        pictures.order({"a": frozenset("b"), "b": frozenset("a")})
    edges = {"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset("")}
    assert pictures.needed(edges) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_the_page_shows_the_way_of_the_data_as_a_run_goes_it(
    service: Service, client: FlaskClient, sandbox: Sandbox, at: Watch, *, draw: bool
) -> None:
    done: set[tuple[str, str, str]] = set()
    person(sandbox, "hubspot", "ana@acme.example")
    at.forward(DAY)
    sent = senders.activity(email="ana@acme.example", type="demo_request", at=show(at() - HOUR), properties={})
    body = senders.activities(sent)
    steps: dict[str, Callable[[], object]] = {
        "web": lambda: client.post("/webhooks/activities", data=body, headers=senders.standard(body, at=at())),
        "ingest": lambda: ingest(service),
        "read": lambda: read_records(service, "hubspot"),
        "advance": lambda: advance(service),
        "deliver": lambda: deliver(service, "hubspot"),
    }
    for _ in range(3):
        for step, work in steps.items():
            with watched(step, done):
                work()
        steps.pop("web", None)
    checked("the way", f"```mermaid\n{pictures.way(done)}\n```", draw=draw)


@contextmanager
def watched(step: str, done: set[tuple[str, str, str]]) -> Iterator[None]:
    """Note what SQLite runs, as its driver tells it: some rows go to the driver without SQLAlchemy."""

    def note(statement: str) -> None:
        found = _WRITTEN.search(statement)
        if found and found[2] in QUEUES | KEPT:
            takes = found[2] in QUEUES and not found[1].startswith("INSERT")
            done.add((step, "takes" if takes else "writes", found[2]))

    def called(entry: log.Entry) -> None:
        done.add((step, "writes" if _WRITES.search(entry.path) or entry.method == "PATCH" else "takes", "CRM"))

    def taken(driver: sqlite3.Connection, *_: object) -> None:
        driver.set_trace_callback(note)

    def given_back(driver: sqlite3.Connection, *_: object) -> None:
        driver.set_trace_callback(None)

    event.listen(Pool, "checkout", taken)
    event.listen(Pool, "checkin", given_back)
    log.WATCHERS.append(called)
    yield
    log.WATCHERS.remove(called)
    event.remove(Pool, "checkout", taken)
    event.remove(Pool, "checkin", given_back)
