"""The tables in code and the tables that migrations make are the same."""

import forked_programs
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from integration.store.audit import audit_trail
from integration.store.db import migrate
from integration.store.db.errors import StoreNewerError
from integration.store.db.session import Store
from integration.store.progress import write_permission
from integration.store.schema.tables import metadata

MIGRATE = (
    "import sys; from integration.store.db.session import Store; s = Store.open(sys.argv[1]); s.migrate(); s.dispose()"
)


def test_a_migrated_database_equals_the_metadata(store: Store) -> None:
    with store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_several_processes_may_migrate_at_once(bare_url: str) -> None:
    assert forked_programs.at_once(["-c", MIGRATE, bare_url], 3) == [(0, "")] * 3
    store = Store.open(bare_url)
    with store.read() as conn:
        assert set(metadata.tables) <= set(inspect(conn).get_table_names())
    store.dispose()


def test_migrating_twice_changes_nothing(store: Store) -> None:
    store.migrate()
    with store.read() as conn:
        assert "leads" in inspect(conn).get_table_names()


def test_the_first_migration_can_be_undone(store: Store) -> None:
    with store.write() as conn:
        command.downgrade(migrate.config(conn), "base")
    with store.read() as conn:
        assert not set(inspect(conn).get_table_names()) & set(metadata.tables)
    store.migrate()


def test_first_values_are_told_apart_in_what_is_stored_already(store: Store) -> None:
    """What somebody came with, and the first reading of each record; later readings and webhooks are not."""
    told = [
        (1, "first:ana", "ana", True),
        (2, "hubspot:contact:7@100", "ana", True),
        (3, "hubspot:contact:7@200", "ana", False),
        (4, "hubspot:1:contact.propertyChange:7:1:2:title", "ana", False),
        (5, "salesforce:Lead:00Q@100", "ana", True),
        (6, "hubspot:contact:7@300", "bo", True),
    ]
    with store.write() as conn:
        command.downgrade(migrate.config(conn), "0009")
        for seq, key, lead, _ in told:
            values = {"seq": seq, "key": key, "lead": lead}
            conn.execute(
                text("INSERT INTO changes (seq, key, lead_id, at, fields) VALUES (:seq, :key, :lead, 1, '{}')"), values
            )
    store.migrate()
    with store.read() as conn:
        found = conn.execute(text("SELECT seq, initial FROM changes ORDER BY seq")).all()
    assert [(seq, bool(initial)) for seq, initial in found] == [(seq, initial) for seq, _, _, initial in told]


SHADOW, LIVE = ("shadow_since", "7"), ("live_since", '{"since":5,"seq":1}')


@pytest.mark.parametrize(
    ("kept", "state", "live_from"),
    [
        ([], "new", None),
        ([LIVE], "new", 5),
        ([LIVE, SHADOW], "new", None),
        ([LIVE, SHADOW], "sent", 5),
        ([SHADOW], "new", None),
    ],
    ids=["new", "decided live", "in shadow", "wrote, then in shadow", "only in shadow"],
)
def test_who_was_live_before_the_upgrade_stays_live_and_all_others_begin_in_shadow(
    store: Store,
    kept: list[tuple[str, str]],
    state: str,
    live_from: int | None,
) -> None:
    with store.write() as conn:
        command.downgrade(migrate.config(conn), "0023")
        assert write_permission.given(conn) is None
        for purpose, value in kept:
            values = {"purpose": purpose, "value": value}
            conn.execute(text("INSERT INTO service_values VALUES (:purpose, :value, 1)"), values)
        conn.execute(
            text(
                "INSERT INTO outbox (connection, kind, key, lead_id, state, created_at, since) "
                "VALUES ('hubspot', 'task', 'k', 'ana', :state, 1, 1)"
            ),
            {"state": state},
        )
    store.migrate()
    with store.read() as conn:
        permission = write_permission.given(conn)
        said = [entry.action for entry in audit_trail.recent(conn, 9)]
    assert (permission.live_from if permission else None) == live_from
    assert ("went live" in said) is (live_from is not None)


def test_tables_of_a_newer_version_are_not_touched_and_that_is_said(store: Store, url: str) -> None:
    with store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    older = Store.open(url)
    for touch in (older.read, older.write):
        with pytest.raises(StoreNewerError, match=r"version 9999.*newer coldframe"), touch():
            pass
    with pytest.raises(StoreNewerError):
        older.migrate()
    older.dispose()


def test_the_versions_that_this_code_knows_are_those_of_its_migrations() -> None:
    known = ScriptDirectory(str(migrate.MIGRATIONS), recursive_version_locations=True).walk_revisions()
    revisions = [revision.revision for revision in known]
    assert set(revisions) == migrate.KNOWN
    assert revisions[0] == max(migrate.KNOWN), "the last of the chain is the version that a store is to have"
