"""Who entered a stage in a week is found by time: the console's first page counts it."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    stages = sa.text("kind = 'stage'")
    op.create_index("ix_effects_stages", "effects", ["at"], sqlite_where=stages, postgresql_where=stages)


def downgrade() -> None:
    op.drop_index("ix_effects_stages", "effects")
