"""How the time to an answer splits: runs of clocks, outages of connections, and since when a task stands in its CRM."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock_runs",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("breached", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("withheld", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_clock_runs")),
    )
    op.create_index(op.f("ix_clock_runs_lead_id"), "clock_runs", ["lead_id"])
    op.create_index(op.f("ix_clock_runs_started_at_key"), "clock_runs", ["started_at", "key"])
    op.create_index(
        "ix_clock_runs_running",
        "clock_runs",
        ["clock", "due_at"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "outages",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("begins_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "kind", "begins_at", name=op.f("pk_outages")),
    )
    op.add_column("assignments", sa.Column("stands_at", sa.BigInteger(), nullable=True))
    op.add_column("dirty", sa.Column("received_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("dirty") as table:
        table.drop_column("received_at")
    with op.batch_alter_table("assignments") as table:
        table.drop_column("stands_at")
    op.drop_table("outages")
    op.drop_table("clock_runs")
