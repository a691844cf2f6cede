"""Why an effect was recorded and not carried out: its cause lies before the service was live."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("effects", sa.Column("withheld", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("effects", "withheld")
