"""Whom an activity named, as its source sent it: what is compared where one id comes with two contents."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("activities", sa.Column("named", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("activities", "named")
