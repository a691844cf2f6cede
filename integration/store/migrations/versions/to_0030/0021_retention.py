"""Old lines of the audit trail may go; the database itself refuses to lose one of the last thirty days.

Until now nothing of it could ever be deleted. Sync errors that are ended are found by when they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

APPEND_ONLY = "audit is append-only"
SHORTEST_SECONDS = 30 * 86_400


def upgrade() -> None:
    ended = sa.text("replayed_at IS NOT NULL")
    op.create_index(
        "ix_dead_letters_ended", "dead_letters", ["replayed_at"], sqlite_where=ended, postgresql_where=ended
    )
    if op.get_bind().dialect.name == "postgresql":
        young = f"OLD.at > (extract(epoch FROM clock_timestamp()) - {SHORTEST_SECONDS}) * 1000000"
        op.execute("DROP TRIGGER audit_append_only ON audit")
        op.execute(_postgresql("UPDATE OR TRUNCATE"))
        op.execute(
            f"CREATE TRIGGER audit_young BEFORE DELETE ON audit FOR EACH ROW WHEN ({young}) "
            "EXECUTE FUNCTION audit_append_only()"
        )
    else:
        young = f"OLD.at > (CAST(strftime('%s', 'now') AS INTEGER) - {SHORTEST_SECONDS}) * 1000000"
        op.execute("DROP TRIGGER audit_no_delete")
        op.execute(
            f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN {young} "
            f"BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_young ON audit")
        op.execute("DROP TRIGGER audit_append_only ON audit")
        op.execute(_postgresql("UPDATE OR DELETE OR TRUNCATE"))
    else:
        op.execute("DROP TRIGGER audit_no_delete")
        op.execute(
            f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END"
        )
    op.drop_index("ix_dead_letters_ended", "dead_letters")


def _postgresql(deeds: str) -> str:
    return (
        f"CREATE TRIGGER audit_append_only BEFORE {deeds} ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    )
