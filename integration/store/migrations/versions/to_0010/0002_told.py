"""What each CRM record said last, so that only a new value counts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crm_references", sa.Column("told", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("crm_references", "told")
