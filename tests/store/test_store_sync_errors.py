"""Lists of sync errors and pages of the audit trail: filtered, by key, the newest first."""

from typing import Any

import pytest

from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.db.session import Store
from integration.store.outgoing import alerts
from integration.store.outgoing.alerts import RaisedAlert
from integration.store.queues import dead_letters, sync_error_lists
from integration.store.queues.dead_letters import NEWEST, Letter
from integration.store.queues.sync_error_lists import Wanted
from mappings.values.instant import parse

T = parse("2026-01-06T09:00:00Z")


def letter(reason: str, stage: Any = "deliver", source: str = "hubspot") -> Letter:
    return Letter(stage=stage, source=source, ref="1", payload=b"{}", reason=reason, at=T)


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write() as conn:
        dead_letters.add(conn, [letter("REQUIRED_FIELD: City"), letter("100% wrong"), letter("100 of them wrong")])
        dead_letters.add(conn, [letter("no JSON", "ingest", "activities"), letter("REQUIRED_FIELD: City")])
        dead_letters.replayed(conn, [3], T)
        dead_letters.add(conn, [letter("ÜBERALL", "poll", "x")])
    return store


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(), [6, 5, 4, 2, 1]),
        (Wanted(stage="ingest"), [4]),
        (Wanted(source="hubspot"), [5, 2, 1]),
        (Wanted(word="required_field"), [5, 1]),
        (Wanted(word="100%"), [2]),
        (Wanted(word="_"), [5, 1]),
        (Wanted(word="ÜBER"), [6]),
        (Wanted(stage="ingest", source="hubspot"), []),
    ],
)
def test_sync_errors_are_listed_by_stage_source_and_words_of_the_reason(
    filled: Store, wanted: Wanted, ids: list[int]
) -> None:
    with filled.read() as conn:
        assert sync_error_lists.ids(conn, wanted, NEWEST, 10) == ids
        assert [each.id for each in sync_error_lists.page(conn, wanted, NEWEST, 10)] == ids


def test_a_page_goes_on_below_an_id_and_has_no_payloads(filled: Store) -> None:
    with filled.read() as conn:
        found = sync_error_lists.page(conn, Wanted(), 5, 2)
    assert [(each.id, each.payload) for each in found] == [(4, b""), (2, b"")]


def test_kinds_are_counted_the_most_frequent_first(filled: Store) -> None:
    with filled.read() as conn:
        found = sync_error_lists.sorts(conn, 3)
    assert [(each.stage, each.source, each.reason, each.count, each.newest) for each in found] == [
        ("deliver", "hubspot", "REQUIRED_FIELD: City", 2, 5),
        ("poll", "x", "ÜBERALL", 1, 6),
        ("ingest", "activities", "no JSON", 1, 4),
    ]


def test_the_audit_trail_is_read_by_action_actor_and_time(store: Store) -> None:
    lines = [("ana", "pause"), ("bo", "pause"), ("ana", "replay"), ("ana", "pause")]
    with store.write() as conn:
        entries = [Entry(at=T + n, actor=who, action=what, subject=str(n)) for n, (who, what) in enumerate(lines)]
        audit_trail.add(conn, entries)

    def subjects(action: str = "", actor: str = "", since: int = 0, before: int = NEWEST, limit: int = 9) -> list[str]:
        with store.read() as conn:
            found = audit_trail.page(conn, action=action, actor=actor, since=since, before=before, limit=limit)
        return [line.subject for _, line in found]

    assert subjects() == ["3", "2", "1", "0"]
    assert subjects(action="pause", actor="ana") == ["3", "0"]
    assert subjects(since=T + 2) == ["3", "2"]
    with store.read() as conn:
        first = audit_trail.page(conn, action="", actor="", since=0, before=NEWEST, limit=2)
    assert subjects(before=first[-1][0]) == ["1", "0"]


def test_alerts_of_one_moment_are_each_on_one_page(store: Store) -> None:
    rows = [RaisedAlert(key=key, alert="a", text=key, at=T, raised_at=T + (key == "a")) for key in "abcd"]
    with store.write() as conn:
        alerts.add(conn, [*rows, RaisedAlert(key="e", alert=alerts.DIGEST, text="", at=T, raised_at=T)])
    with store.read() as conn:
        first = alerts.page(conn, NEWEST, "", 2)
        second = alerts.page(conn, first[-1].raised_at, first[-1].key, 9)
    assert [each.key for each in (*first, *second)] == ["a", "b", "c", "d"]
