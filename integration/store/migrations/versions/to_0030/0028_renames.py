"""Versions of the rules keep what keys of effects call tracks, plays and clocks, which a rename does not change."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("versions", sa.Column("roots", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("versions") as table:
        table.drop_column("roots")
