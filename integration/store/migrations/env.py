"""Alembic's entry: the connection comes from `migrate.upgrade`, already in its transaction."""

from alembic import context

from integration.store.schema.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite too: BEGIN is said explicitly
)
with context.begin_transaction():
    context.run_migrations()
