"""An alert about a connection says so in a column; it stood in the middle of its key (`no-record/hubspot/17`)."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

alerts = sa.table("alerts", *map(sa.column, ("key", "alert", "connection")))


def upgrade() -> None:
    op.add_column("alerts", sa.Column("connection", sa.Text(), nullable=True))
    there = sa.text("connection IS NOT NULL")
    op.create_index("ix_alerts_connection", "alerts", ["connection"], sqlite_where=there, postgresql_where=there)
    conn = op.get_bind()
    for key in list(conn.execute(sa.select(alerts.c.key).where(alerts.c.alert == "waits_for_record")).scalars()):
        _, connection, _ = key.split("/", 2)
        conn.execute(sa.update(alerts).where(alerts.c.key == key).values(connection=connection))


def downgrade() -> None:
    op.drop_index("ix_alerts_connection", "alerts")
    op.drop_column("alerts", "connection")
