"""States on the way, from which a lead is derived where something arrives late, and activities by their time."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("applied", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "number", name=op.f("pk_checkpoints")),
    )
    op.add_column("leads", sa.Column("applied", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_index(op.f("ix_activities_lead_id_at"), "activities", ["lead_id", "at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_activities_lead_id_at"), "activities")
    with op.batch_alter_table("leads") as table:
        table.drop_column("applied")
    op.drop_table("checkpoints")
