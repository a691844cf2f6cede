"""Assignments: which task was given to whom and until when it was open, and each person's credit in a pool."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assignments",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_assignments"),
    )
    op.create_index("ix_assignments_lead_id", "assignments", ["lead_id"])
    op.create_index("ix_assignments_person_at", "assignments", ["person", "at"])
    still = sa.text("closed_at IS NULL")
    op.create_index("ix_assignments_open", "assignments", ["person"], sqlite_where=still, postgresql_where=still)
    op.create_table(
        "pool_credit",
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pool", "person", name="pk_pool_credit"),
    )


def downgrade() -> None:
    op.drop_table("pool_credit")
    op.drop_table("assignments")
