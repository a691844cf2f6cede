"""What former versions kept under names that had to be read apart is carried over into columns."""

import json

import pytest
from alembic import command
from sqlalchemy import text

from integration.flows.crm_calls import unanswered_lookups
from integration.store.crm import call_rates, connection_pauses, crm_users
from integration.store.crm.connection_pauses import Pause
from integration.store.db import counters, migrate
from integration.store.db.numbering import numbers
from integration.store.db.session import Store
from integration.store.events import live_since
from integration.store.events.live_since import Live
from integration.store.outgoing import alerts
from integration.store.people import other_emails, record_references, shared_emails
from integration.store.progress import (
    drift_looks,
    hourly_answers,
    next_handover,
    poll_progress,
    sync_progress,
    unread_objects,
)
from integration.store.progress.drift_looks import Look, Trouble
from integration.store.progress.poll_progress import Mark
from integration.store.progress.sync_progress import Course
from integration.store.queues import dead_letters, derivation_walk, people_to_find, records_to_read
from integration.store.queues.derivation_walk import Walk
from integration.store.queues.people_to_find import Sought
from integration.store.queues.records_to_read import Wanted
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import HOUR

T = 1_700_000_000_000_000
MARK = {"newest": T, "grown_at": T, "began_at": 1, "passed_at": 2, "since": 3, "after": "next"}
COURSE = {"began_at": T, "after": "", "read": 7, "total": 9, "done": True, "skipped": "hidden"}
TROUBLE = {"subject": "contact", "text": "no field", "remedy": "provision", "severity": "error"}
CURSORS = {
    "event_seq": "41",
    "erased:dropped": "5",
    "live": json.dumps({"since": T, "seq": 3}),
    "shadow": str(T + 1),
    "derived anew": json.dumps({"version": 2, "accounts": None, "leads": "l7"}),
    "handover": str(T + 2),
    "emails:shared": "waiting",
    "poll:hubspot-emea": "task",
    "poll:hubspot": "",
    "poll:hubspot-emea:contact": json.dumps(MARK),
    "sync:salesforce:Lead": json.dumps(COURSE),
    "unread:salesforce:Task": json.dumps({"since": T, "said": "no right"}),
    "unread:salesforce:Lead": "",
    "drift:hubspot": json.dumps({"at": T, "troubles": [TROUBLE]}),
    "users:salesforce": json.dumps({"at": T, "own_user": "005"}),
    "rate:hubspot:tasks": json.dumps({"began_at": T, "used": 4}),
    "offered:hubspot": json.dumps({"at": T, "asked": {}, "value": {}}),
    "task-words:hubspot": json.dumps({"at": T, "asked": "", "value": {}}),
}
LANES: list[tuple[str, int | None, str, int | None]] = [
    ("hubspot", T + 9, "MOVED the CRM has moved", T),
    ("person hubspot", None, "paused by an operator", T),
    ("budget:hubspot", T + 8, "BUDGET 8 of 40 calls", T),
    ("salesforce", None, "signed out: invalid_grant", T),
    ("alerts:webhook", T + 7, "503 away", None),
    ("person-eu", T + 6, "429", None),
    ("old", None, "we move house", None),
]


@pytest.fixture
def former(store: Store) -> Store:
    """A database as the version before left it."""
    with store.write() as conn:
        command.downgrade(migrate.config(conn), "0018")
        conn.execute(
            text("INSERT INTO cursors (name, value, updated_at) VALUES (:name, :value, 1)"),
            [{"name": name, "value": value} for name, value in CURSORS.items()],
        )
        conn.execute(
            text("INSERT INTO lanes (name, paused_until, reason, since) VALUES (:name, :until, :reason, :since)"),
            [{"name": name, "until": until, "reason": reason, "since": since} for name, until, reason, since in LANES],
        )
    return store


def test_every_cursor_becomes_a_row_of_its_purpose(former: Store) -> None:
    former.migrate()
    with former.write() as conn:
        assert counters.value(conn, "erased_dropped") == 5
        assert counters.value(conn, "event_seq") == 41
        if conn.dialect.name == "sqlite":
            assert numbers(conn, 2) == [42, 43]
        assert live_since.get(conn) == Live(since=T, seq=3)
        assert live_since.shadow(conn) == T + 1
        assert derivation_walk.walk(conn, 2) == Walk(version=2, accounts=None, leads="l7")
        assert next_handover.earliest(conn, 0) == T + 2
        assert shared_emails.waiting(conn)
        assert poll_progress.next_object(conn, "hubspot-emea") == "task"
        assert poll_progress.next_object(conn, "hubspot") == ""
        assert poll_progress.mark(conn, "hubspot-emea", "contact") == Mark(
            newest=T, grown_at=T, began_at=1, passed_at=2, since=3, after="next"
        )
        assert sync_progress.courses(conn, "salesforce", ["Lead"]) == {
            "Lead": Course(began_at=T, read=7, total=9, done=True, skipped="hidden")
        }
        (unread,) = unread_objects.known(conn, "salesforce", ["Lead", "Task"])
        assert (unread.object, unread.since, unread.said) == ("Task", T, "no right")
        assert drift_looks.last(conn, "hubspot") == Look(
            at=T, troubles=(Trouble(subject="contact", text="no field", remedy="provision"),)
        )
        reading = crm_users.last_reading(conn, "salesforce")
        assert reading is not None
        assert (reading.at, reading.own_user) == (T, "005")
        assert call_rates.left(conn, "hubspot", "tasks", 5, HOUR, T + 1) == (1, T + HOUR)
        assert hourly_answers.last(conn, "picklists", "hubspot") == CURSORS["offered:hubspot"]
        assert hourly_answers.last(conn, "task_words", "hubspot") == CURSORS["task-words:hubspot"]


def test_every_pause_says_its_kind_in_a_column(former: Store) -> None:
    former.migrate()
    with former.read() as conn:
        found = {(each.name, each.kind): each for each in connection_pauses.lasting(conn, T)}
    assert found.keys() == {
        ("hubspot", "outage"),
        ("hubspot", "person"),
        ("hubspot", "budget"),
        ("salesforce", "signed_out"),
        ("alerts:webhook", "outage"),
        ("person-eu", "outage"),
        ("old", "person"),
    }
    assert found["hubspot", "outage"] == Pause(
        name="hubspot", kind="outage", until=T + 9, reason="MOVED the CRM has moved", code="MOVED", since=T
    )
    assert found["salesforce", "signed_out"].until is None


def test_the_way_back_loses_nothing_of_it(former: Store) -> None:
    former.migrate()
    with former.write() as conn:
        command.downgrade(migrate.config(conn), "0018")
    with former.read() as conn:
        rows = dict(conn.execute(text("SELECT name, value FROM cursors")).all())
        lanes = {tuple(row) for row in conn.execute(text("SELECT name, paused_until, reason, since FROM lanes"))}
    told = {name: value for name, value in CURSORS.items() if value}
    assert rows.keys() == told.keys()
    assert all(rows[name] == value or json.loads(rows[name]) == json.loads(value) for name, value in told.items())
    assert lanes == {*LANES} - {("old", None, "we move house", None)} | {("person old", None, "we move house", None)}
    former.migrate()


@pytest.fixture
def of_19(store: Store) -> Store:
    """A database as version 0019 left it, with words in names."""
    rows = [
        ("hubspot", "contact", "1", "ana"),
        ("hubspot (deleted)", "contact", "2", "bo"),
        ("hubspot (deleted)", "contact", "3", "bo"),
        ("hubspot", "contact", "3", "cy"),
        ("email", "address", "old@x.example", "ana"),
        ("email", "secondary", "also@x.example", "ana"),
    ]
    letters = [
        ("Lead", {"wishes": [["", "ana@x.example"], ["Lead", "00Q"]]}),
        (":ana@x.example", {"connection": "hubspot", "object": "", "id": "ana@x.example"}),
        ("contact:7", {"connection": "hubspot", "object": "contact", "id": "7"}),
    ]
    with store.write() as conn:
        command.downgrade(migrate.config(conn), "0019")
        for connection, name, key, lead in rows:
            values = {"c": connection, "o": name, "e": key, "l": lead, "t": '{"lead.title":1}'}
            conn.execute(
                text(
                    "INSERT INTO crm_references (system, object, external_id, lead_id, told)"
                    " VALUES (:c, :o, :e, :l, :t)"
                ),
                values,
            )
        conn.execute(text("INSERT INTO refresh VALUES ('hubspot', '', 'ana@x.example', 3, 7, 2)"))
        conn.execute(text("INSERT INTO refresh VALUES ('hubspot', 'contact', '17', 1, 0, 0)"))
        for ref, held in letters:
            conn.execute(
                text(
                    "INSERT INTO dead_letters (stage, source, ref, payload, reason, at)"
                    " VALUES ('refresh', 'hubspot', :ref, :held, 'why', 1)"
                ),
                {"ref": ref, "held": json.dumps(held).encode()},
            )
    return store


def test_deleted_records_and_other_emails_leave_the_names_of_connections(of_19: Store) -> None:
    of_19.migrate()
    contact = [("hubspot", "contact", key) for key in "123"]
    with of_19.write() as conn:
        assert record_references.leads(conn, contact) == {contact[0]: "ana", contact[2]: "cy"}
        assert record_references.ever_leads(conn, contact)[contact[1]] == "bo"
        assert record_references.recorded(conn, ["ana", "bo", "dan"]) == {"ana", "bo"}
        assert other_emails.former(conn, ["old@x.example", "also@x.example"]) == {"old@x.example": "ana"}
        assert other_emails.secondary(conn, ["also@x.example"]) == {"also@x.example": "ana"}
        record_references.revive(conn, contact)
        assert record_references.leads(conn, contact)[contact[1]] == "bo"
        assert record_references.last_said(conn, [contact[1]]) == {contact[1]: {"lead.title": 1}}


def test_who_is_to_be_found_by_email_is_no_record_without_an_object(of_19: Store) -> None:
    of_19.migrate()
    with of_19.read() as conn:
        assert people_to_find.take(conn, "hubspot", 7, 9) == [
            Sought(connection="hubspot", email="ana@x.example", seq=3, attempts=2)
        ]
        (record,) = records_to_read.take(conn, "hubspot", 7, 9)
        assert (record.object, record.external_id) == ("contact", "17")
        found = [unanswered_lookups.again(letter) for letter in reversed(dead_letters.waiting(conn, 9))]
    ana, lead = (
        Sought(connection="hubspot", email="ana@x.example"),
        Wanted(connection="hubspot", object="Lead", external_id="00Q"),
    )
    assert found == [[ana, lead], [ana], [Wanted(connection="hubspot", object="contact", external_id="7")]]


def test_the_way_back_puts_the_words_into_the_names_again(of_19: Store) -> None:
    of_19.migrate()
    with of_19.write() as conn:
        command.downgrade(migrate.config(conn), "0019")
    with of_19.read() as conn:
        rows = {tuple(row) for row in conn.execute(text("SELECT system, object, external_id FROM crm_references"))}
        sought = {tuple(row) for row in conn.execute(text("SELECT object, external_id, seq FROM refresh"))}
        held = [
            json.loads(bytes(row))
            for row in conn.execute(text("SELECT payload FROM dead_letters ORDER BY id")).scalars()
        ]
    assert rows == {
        ("hubspot", "contact", "1"),
        ("hubspot (deleted)", "contact", "2"),
        ("hubspot", "contact", "3"),
        ("email", "address", "old@x.example"),
        ("email", "secondary", "also@x.example"),
    }
    assert sought == {("", "ana@x.example", 3), ("contact", "17", 1)}
    assert held[0] == {"wishes": [["", "ana@x.example"], ["Lead", "00Q"]]}
    assert held[1] == {"connection": "hubspot", "object": "", "id": "ana@x.example"}
    of_19.migrate()


def test_an_alert_about_a_connection_says_so_in_a_column(store: Store) -> None:
    with store.write() as conn:
        command.downgrade(migrate.config(conn), "0021")
        for key, alert in (
            ("no-record/hubspot-emea/17", "waits_for_record"),
            ("paused/hubspot/1", "connection_paused"),
        ):
            conn.execute(
                text(
                    "INSERT INTO alerts (key, alert, at, raised_at, text, remedy, because)"
                    " VALUES (:key, :alert, 1, 2, 'x', '', '[]')"
                ),
                {"key": key, "alert": alert},
            )
    store.migrate()
    with store.read() as conn:
        assert alerts.latest(conn, "waits_for_record", ConnectionName("hubspot-emea")) == 2
        assert alerts.latest(conn, "waits_for_record", ConnectionName("hubspot")) is None
        assert [each.connection for each in alerts.recent(conn, 0)] == ["hubspot-emea", None]
