"""Whoever asked for a demo is decided about before everybody else."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_dirty_since_lead_id", "dirty")
    op.add_column("dirty", sa.Column("place", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.create_index("ix_dirty_place_since_lead_id", "dirty", ["place", "since", "lead_id"])


def downgrade() -> None:
    op.drop_index("ix_dirty_place_since_lead_id", "dirty")
    with op.batch_alter_table("dirty") as table:
        table.drop_column("place")
    op.create_index("ix_dirty_since_lead_id", "dirty", ["since", "lead_id"])
