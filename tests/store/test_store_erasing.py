"""Leases taken from everybody, names kept as hashes alone, and an address found in every text of every table."""

import contextlib
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Table, Text, select

from integration.signin.key_rotation import ERASED, rotated
from integration.store.audit import audit_trail, mentions
from integration.store.audit.sealing import Keyring
from integration.store.db.errors import LeaseLostError, SealedError
from integration.store.db.session import Store
from integration.store.overall import erased_people, erasure, erasure_key
from integration.store.people import leads, other_emails
from integration.store.people.leads import NewLead
from integration.store.progress import write_permission
from integration.store.queues import leases
from integration.store.schema.tables import leads as people
from integration.store.schema.tables import metadata

T = 1_700_000_000_000_000
SECOND = 1_000_000
ANA = "ana@acme.example"
NAME = f"email:{ANA}"
FRESH = bytes(range(erasure_key.LENGTH))
_NUMBERS = count()


def test_revoking_takes_every_lease_but_the_spared_one(store: Store) -> None:
    with store.write() as conn:
        taken = [leases.take(conn, name, "a", 20 * SECOND) for name in ("advance", "ingest")]
    advance, ingest = (each for each in taken if each)
    with store.write() as conn:
        leases.revoke(conn, "advance")
    with store.write() as conn:
        leases.extend(conn, advance)
    with store.write() as conn, pytest.raises(LeaseLostError):
        leases.extend(conn, ingest)
    with store.write() as conn:
        again = leases.take(conn, "ingest", "b", 20 * SECOND)
    assert again is not None
    assert (again.token > ingest.token, again.recovered) == (True, False), "at once, and nobody is taken for dead"


def test_only_the_secret_key_or_one_before_it_opens_the_list(store: Store) -> None:
    with store.write() as conn:
        key = erasure_key.make(conn, Keyring.of("old-secret"), FRESH)
        assert erasure_key.make(conn, Keyring.of("old-secret"), bytes(len(FRESH))) == key, "made once"
        erased_people.add(conn, key, {NAME: "p1"}, T)
        assert erased_people.known(conn, Keyring.of("new-secret", "old-secret"), [NAME, "email:b@c.d"]) == {NAME: "p1"}
        with pytest.raises(SealedError, match="COLDFRAME_SECRET_KEY"):
            erased_people.known(conn, Keyring.of("new-secret"), [NAME])
        erasure_key.make(conn, Keyring.of("new-secret", "old-secret"), FRESH)
        assert erased_people.known(conn, Keyring.of("new-secret"), [NAME]) == {NAME: "p1"}, (
            "sealed anew, the hashes as they were"
        )
        assert erased_people.forget(conn, ["p1"]) == 1
        assert erased_people.known(conn, Keyring.of("new-secret"), [NAME]) == {}
        with pytest.raises(SealedError, match="no secret key"):
            erasure_key.make(conn, Keyring(keys={}), FRESH)


def test_rotating_the_keys_seals_the_list_anew_once_and_without_the_old_key_says_so(store: Store) -> None:
    old, both, new = Keyring.of("old-secret"), Keyring.of("new-secret", "old-secret"), Keyring.of("new-secret")
    assert list(rotated(store, both, T)) == [], "nobody was erased yet"
    with store.write() as conn:
        erased_people.add(conn, erasure_key.make(conn, old, FRESH), {NAME: "p1"}, T)
    assert [(each.name, each.outcome) for each in rotated(store, new, T)] == [(ERASED, "failed")]
    assert [(each.name, each.outcome) for each in rotated(store, both, T)] == [(ERASED, "resealed")]
    assert [(each.name, each.outcome) for each in rotated(store, both, T)] == [(ERASED, "already")]
    with store.read() as conn:
        assert erased_people.known(conn, new, [NAME]) == {NAME: "p1"}


def test_the_list_tells_nobodys_name_once_they_are_gone(store: Store) -> None:
    with store.write() as conn:
        key = erasure_key.make(conn, Keyring.of("secret-one"), FRESH)
        erased_people.add(conn, key, {NAME: "p1"}, T, pending=True)
        assert [name for _, name in erased_people.pending(conn, 9)] == [NAME]
        erased_people.done(conn, [NAME])
        assert erased_people.pending(conn, 9) == []
        rows = conn.exec_driver_sql("SELECT * FROM erased").all()
        sealed = conn.exec_driver_sql("SELECT sealed FROM erasure_keys").scalar()
    assert ANA not in str(rows)
    assert key not in bytes(sealed or b"")


class _UndoneError(Exception):
    """Ends a transaction, and nothing of it stays."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, empty_store: Path
) -> Iterator[Store]:
    """A store of each kind for many tests that undo what they do: its statements are prepared once."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{shutil.copy(empty_store, tmp_path_factory.mktemp('shared') / 'store.db')}"
        else:
            url = stack.enter_context(request.getfixturevalue("cluster").copied(f"shared_{next(_NUMBERS)}"))
        opened = Store.open(url)
        yield opened
        opened.dispose()


def _texts(table: Table) -> list[str]:
    return [each.name for each in table.columns if isinstance(each.type, Text)]


@pytest.mark.parametrize("table", [each for each in metadata.sorted_tables if _texts(each)], ids=str)
def test_an_address_is_found_in_every_text_there_is(shared_store: Store, table: Table) -> None:
    """Each column in a row of its own."""
    texts = _texts(table)
    rows = [
        {each.name: ANA.upper() if each.name == text else _something(each.type, number) for each in table.columns}
        for number, text in enumerate(texts, 1)
    ]
    with contextlib.suppress(_UndoneError), shared_store.write() as conn:
        write_permission.take_back(conn)  # nothing else is stored
        conn.execute(table.insert(), rows)
        mentioned = mentions.find(conn, [ANA])
        if table.name in {"audit", "erased", "erasure_keys", "leases"}:
            assert mentioned == []
        else:
            assert [(each.table, each.column) for each in mentioned] == [(table, text) for text in texts]
            assert mentions.black(conn, mentioned, [ANA], lambda _text: "x") == len(texts)
            for text in texts:
                assert conn.execute(select(table.c[text])).scalars().all().count("[erased]") == 1, text
        raise _UndoneError


def _something(kind: object, number: int) -> object:
    texts = {"TEXT": f'{{"n": {number}}}', "BLOB": b"%d" % number, "BYTEA": b"%d" % number, "BOOLEAN": False}
    return texts.get(str(kind), number)


def test_an_address_that_is_somebody_elses_now_stays_theirs(store: Store) -> None:
    with store.write() as conn:
        leads.add(conn, [NewLead(id="a", email=ANA, fields={}, created_at=T)])
        leads.add(conn, [NewLead(id="b", email="info@acme.example", fields={}, created_at=T)])
        other_emails.add_former(conn, {"info@acme.example": "a", "old@x.y": "a"})
        who = erasure.target(conn, [NAME])
        assert who.leads == ("a",)
        assert who.names == {NAME, "email:old@x.y"}
        assert erasure.target(conn, ["email:info@acme.example"]).leads == ("b",)
        assert erasure.target(conn, ["email:old@x.y"]).leads == ("a",)
        erasure.remove(conn, who, T)
        assert conn.execute(select(people.c.id)).scalars().all() == ["b"]


def test_the_audit_cannot_be_erased_and_need_not_be(store: Store) -> None:
    """Everybody who writes to it writes ids and hashes."""
    with store.write() as conn:
        audit_trail.add(
            conn, [audit_trail.Entry(at=T, actor="t", action="merge", subject="lead a", detail={"was": "b"})]
        )
        leads.add(conn, [NewLead(id="a", email=ANA, fields={}, created_at=T)])
        erasure.remove(conn, erasure.target(conn, [NAME]), T)
        assert [each.subject for each in audit_trail.recent(conn, 5)] == ["lead a"]
