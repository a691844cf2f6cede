"""What older versions stored of e-mails and domains is spelt anew, and nothing else is touched."""

import json
from typing import Any

import pytest
from alembic import command
from sqlalchemy import insert, text

from integration.store.db import migrate
from integration.store.db.session import Store
from integration.store.people import accounts as people_accounts
from integration.store.people import leads, other_emails, shared_emails
from integration.store.queues import people_to_find
from integration.store.schema.tables import accounts

MUELLER, PUNY = "ana@müller.example", "ana@xn--mller-kva.example"


@pytest.fixture
def older(bare_url: str) -> Store:
    """A database as the version before left it."""
    store = Store.open(bare_url)
    with store.write() as conn:
        command.upgrade(migrate.config(conn), "0012")
    return store


def _lead(conn: Any, key: str, email: str | None, **fields: Any) -> None:
    told = {"email": email, **fields} if email else fields
    conn.execute(
        text(
            "INSERT INTO leads (id, email, fields, seen, created_at, updated_at)"
            " VALUES (:id, :email, :fields, 0, :n, 1)"
        ),
        {"id": key, "email": email, "fields": json.dumps(told, ensure_ascii=False), "n": int(key[1:])},
    )
    conn.execute(
        text("INSERT INTO changes (seq, key, lead_id, at, fields) VALUES (:seq, :key, :lead, 1, :fields)"),
        {"seq": int(key[1:]), "key": f"first:{key}", "lead": key, "fields": json.dumps(told)},
    )


def _account(conn: Any, key: str, domain: str) -> None:
    values = {"id": key, "domain": domain, "fields": json.dumps({"domain": domain}), "created_at": 1, "updated_at": 1}
    conn.execute(insert(accounts), values)


def _reference(conn: Any, email: str, lead: str) -> None:
    statement = (
        "INSERT INTO crm_references (system, object, external_id, lead_id) VALUES ('email', 'address', :email, :lead)"
    )
    conn.execute(text(statement), {"email": email, "lead": lead})


def test_every_spelling_that_is_stored_becomes_the_one(older: Store) -> None:
    with older.write() as conn:
        _lead(conn, "l1", MUELLER, title="CEO")
        _lead(conn, "l2", "jose\u0301@x.example")
        _lead(conn, "l3", "bo bor <bo@x.example>", phone="1")
        _lead(conn, "l4", "carl@x.example", title="CTO")
        _lead(conn, "l5", None, title="CFO")
        _reference(conn, "old@müller.example", "l1")
        _reference(conn, "twice@müller.example", "l1")
        _reference(conn, "twice@xn--mller-kva.example", "l4")
        conn.execute(text("INSERT INTO refresh VALUES ('hubspot', '', :email, 1, 0, 0)"), {"email": MUELLER})
        conn.execute(text("INSERT INTO refresh VALUES ('hubspot', 'contact', '17', 1, 0, 0)"))
        _account(conn, "a1", "müller.example")
        _account(conn, "a2", "acme inc.")
    older.migrate()
    with older.read() as conn:
        stored = {row.id: row for row in leads.get(conn, ["l1", "l2", "l3", "l4", "l5"])}
        assert {key: row.email for key, row in stored.items()} == {
            "l1": PUNY,
            "l2": "jos\u00e9@x.example",
            "l3": None,
            "l4": "carl@x.example",
            "l5": None,
        }
        assert stored["l1"].fields == {"email": PUNY, "title": "CEO"}
        assert stored["l3"].fields == {"email": None, "phone": "1"}
        assert stored["l4"].fields == {"email": "carl@x.example", "title": "CTO"}
        told = dict(conn.execute(text("SELECT lead_id, fields FROM changes")).all())
        assert json.loads(told["l1"])["email"] == PUNY
        assert json.loads(told["l3"])["email"] is None
        wished = conn.execute(text("SELECT object, external_id FROM refresh")).all()
        assert [tuple(row) for row in wished] == [("contact", "17")]
        assert people_to_find.sought(conn, [PUNY, MUELLER]) == {PUNY}
        assert other_emails.former(conn, ["old@xn--mller-kva.example", "twice@xn--mller-kva.example"]) == {
            "old@xn--mller-kva.example": "l1",
            "twice@xn--mller-kva.example": "l4",
        }
        assert dict(conn.execute(text("SELECT id, domain FROM accounts")).all()) == {
            "a1": "xn--mller-kva.example",
            "a2": "acme inc.",
        }
        assert not shared_emails.waiting(conn), "nobody shares an address"
    older.dispose()


def test_whoever_comes_to_share_an_address_is_noted_to_be_joined(older: Store) -> None:
    with older.write() as conn:
        _lead(conn, "l1", MUELLER)
        _lead(conn, "l2", PUNY)
    older.migrate()
    with older.read() as conn:
        assert leads.shared(conn, 10) == [PUNY]
        assert shared_emails.waiting(conn)
    older.dispose()


def test_every_address_that_was_ever_told_of_a_lead_finds_it(older: Store) -> None:
    with older.write() as conn:
        _lead(conn, "l1", "now@x.example")
        _lead(conn, "l2", "taken@x.example")
        for number, email in enumerate(("once@x.example", "taken@x.example", "Once.More@X.example"), 100):
            statement = text("INSERT INTO changes (seq, key, lead_id, at, fields) VALUES (:n, :n2, 'l1', 1, :fields)")
            conn.execute(statement, {"n": number, "n2": str(number), "fields": json.dumps({"email": email})})
    older.migrate()
    with older.read() as conn:
        asked = ["now@x.example", "once@x.example", "once.more@x.example", "taken@x.example"]
        assert [other_emails.whose(conn, asked)[each] for each in asked] == ["l1", "l1", "l1", "l2"]
    older.dispose()


def test_a_company_has_the_domain_that_it_has_registered(bare_url: str) -> None:
    store = Store.open(bare_url)
    with store.write() as conn:
        command.upgrade(migrate.config(conn), "0022")
        for key, domain in (
            ("a1", "shop.acme.co.uk"),
            ("a2", "globex.example"),
            ("a3", "acme.co.uk"),
            ("a4", "no host"),
        ):
            _account(conn, key, domain)
        said = {"name": "Acme", "domain": "shop.acme.co.uk"}
        conn.execute(
            text("INSERT INTO changes (seq, key, account_id, at, fields) VALUES (1, 'c', 'a1', 1, :said)"),
            {"said": json.dumps(said)},
        )
    store.migrate()
    with store.read() as conn:
        found = {row.id: (row.domain, json.loads(row.fields)) for row in conn.execute(accounts.select())}
        told = json.loads(str(conn.execute(text("SELECT fields FROM changes")).scalar_one()))
        assert people_accounts.by_domain(conn, ["acme.co.uk"]) == {"acme.co.uk": "a1"}, (
            "the oldest of those that share it"
        )
    store.dispose()
    assert {key: domain for key, (domain, _) in found.items()} == {
        "a1": "acme.co.uk",
        "a2": "globex.example",
        "a3": "acme.co.uk",
        "a4": "no host",
    }
    assert all(fields["domain"] == domain for domain, fields in found.values())
    assert told == {"name": "Acme", "domain": "acme.co.uk"}
