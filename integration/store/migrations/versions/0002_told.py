"""What each CRM record told last, so that only what it tells anew counts."""

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
