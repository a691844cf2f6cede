"""The tables in code and the tables that migrations make are the same."""

import subprocess
import sys

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from integration.store import migrate
from integration.store.session import Store
from integration.store.tables import metadata

MIGRATE = (
    "import sys; from integration.store.session import Store; s = Store.open(sys.argv[1]); s.migrate(); s.dispose()"
)


def test_a_migrated_database_equals_the_metadata(store: Store) -> None:
    with store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_several_processes_may_migrate_at_once(bare_url: str) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", MIGRATE, bare_url], stderr=subprocess.PIPE) for _ in range(3)]
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
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
