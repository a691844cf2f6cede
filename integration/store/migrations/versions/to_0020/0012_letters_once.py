"""A sync error that comes again while it waits is not written again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

WAITING = sa.text("replayed_at IS NULL")


def upgrade() -> None:
    op.add_column("dead_letters", sa.Column("once", sa.Text(), nullable=True))
    op.create_index(
        "ix_dead_letters_once", "dead_letters", ["once"], unique=True, sqlite_where=WAITING, postgresql_where=WAITING
    )


def downgrade() -> None:
    op.drop_index("ix_dead_letters_once", "dead_letters")
    op.drop_column("dead_letters", "once")
