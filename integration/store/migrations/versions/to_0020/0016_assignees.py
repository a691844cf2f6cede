"""Who can own records in each CRM, to whom each task was given and why, and why one has nobody to go to."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crm_users",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("manager", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "user_id", name="pk_crm_users"),
    )
    op.create_index("ix_crm_users_email", "crm_users", ["email"])
    op.add_column("outbox", sa.Column("waits", sa.Text(), nullable=True))
    op.add_column("effects", sa.Column("assigned", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("effects", "assigned")
    op.drop_column("outbox", "waits")
    op.drop_table("crm_users")
