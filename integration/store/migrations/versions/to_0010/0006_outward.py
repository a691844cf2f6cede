"""What is known of the CRMs' own fields that we write and people set: whose value stands there."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crm_references", sa.Column("held", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("crm_references", "held")
