"""What is the statement's fault and what is the server's: only the second stops everybody."""

import sqlite3
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from integration.store.db.errors import StoreBusyError, StoreDownError, StoreError, of_schema, outage
from integration.store.db.session import Store
from integration.store.people import leads
from integration.store.people.leads import NewLead
from integration.store.queues import dirty

T = 1_700_000_000_000_000


def _lead(name: str, email: str | None = None) -> NewLead:
    return NewLead(id=name, email=email, fields={}, created_at=T)


def _digits(count: int) -> str:
    """Digits that do not compress, so that an index row of them is as long as they are."""
    text_, number = "", 7
    while len(text_) < count:
        number = number * 6_364_136_223_846_793_005 % (1 << 64) + 1
        text_ += str(number)
    return text_[:count]


def _put(sql: str) -> Callable[[Connection], object]:
    return lambda conn: conn.execute(text(sql))


FAULTS: dict[str, Callable[[Connection], object]] = {
    "an index row too long": lambda conn: leads.add(conn, [_lead(_digits(40_000))]),
    "an e-mail too long for its index": lambda conn: leads.add(conn, [_lead("a", f"{_digits(30_000)}@x.example")]),
    "a number past 64 bits": lambda conn: dirty.mark(conn, ["a"], 1 << 70),
    "nothing where something must be": _put("INSERT INTO dirty (lead_id, seq, since) VALUES ('a', 1, NULL)"),
    "twice what may be once": _put("INSERT INTO dirty (lead_id, seq, since) VALUES ('a', 1, 1), ('a', 1, 1)"),
    "text with a NUL": lambda conn: leads.add(conn, [_lead("a\x00b")]),
    "half a surrogate pair": lambda conn: leads.add(conn, [_lead("a\ud83d")]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_value_that_the_database_does_not_take_is_no_outage(store: Store, fault: str) -> None:
    raised: list[Exception] = []
    try:
        with store.write() as conn:
            FAULTS[fault](conn)
    except Exception as error:  # noqa: BLE001 - whatever the driver calls it
        raised.append(error)
    assert not any(isinstance(error, StoreError) or of_schema(error) for error in raised), raised
    with store.write() as conn:
        dirty.mark(conn, ["b"], T)
        assert "b" in dict(dirty.take(conn, T, 9)), "the store goes on"


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("08006", StoreDownError),
        ("25006", StoreDownError),
        ("28P01", StoreDownError),
        ("3D000", StoreDownError),
        ("40001", StoreBusyError),
        ("40P01", StoreBusyError),
        ("53100", StoreDownError),
        ("53200", StoreDownError),
        ("53300", StoreDownError),
        ("55P03", StoreBusyError),
        ("57014", StoreBusyError),
        ("57P01", StoreDownError),
        ("57P03", StoreDownError),
        ("58030", StoreDownError),
        ("XX001", StoreDownError),
        ("21000", None),
        ("22001", None),
        ("22003", None),
        ("22021", None),
        ("22P02", None),
        ("23505", None),
        ("42P01", None),
        ("54000", None),
        ("54001", None),
        ("XX000", None),
    ],
)
def test_postgresql_says_by_sqlstate_whether_it_is_the_server(state: str, name: type[StoreError] | None) -> None:
    cause = psycopg.errors.lookup(state)("no words")
    found = outage(OperationalError("SELECT 1", {}, cause))
    assert type(found) is (name or type(None))


def test_a_driver_that_reached_no_server_is_an_outage() -> None:
    for cause in (psycopg.OperationalError("connection refused"), psycopg.InterfaceError("closed")):
        assert isinstance(outage(OperationalError("SELECT 1", {}, cause)), StoreDownError)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (sqlite3.SQLITE_BUSY, StoreBusyError),
        (sqlite3.SQLITE_INTERRUPT, StoreBusyError),
        (sqlite3.SQLITE_FULL, StoreDownError),
        (sqlite3.SQLITE_IOERR, StoreDownError),
        (sqlite3.SQLITE_CORRUPT, StoreDownError),
        (sqlite3.SQLITE_ERROR, None),
        (sqlite3.SQLITE_TOOBIG, None),
        (sqlite3.SQLITE_CONSTRAINT, None),
        (sqlite3.SQLITE_MISMATCH, None),
        (sqlite3.SQLITE_RANGE, None),
    ],
)
def test_sqlite_says_by_its_code_whether_it_is_the_database(code: int, name: type[StoreError] | None) -> None:
    cause = sqlite3.OperationalError("no words")
    cause.sqlite_errorcode = code
    assert type(outage(OperationalError("SELECT 1", {}, cause))) is (name or type(None))


def test_a_missing_table_is_no_rows_fault(store: Store) -> None:
    with pytest.raises(DBAPIError) as told, store.read() as conn:
        conn.execute(text("SELECT * FROM nothing_of_the_kind"))
    assert of_schema(told.value)
