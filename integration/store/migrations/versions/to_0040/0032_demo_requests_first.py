"""Tasks about people who asked for a demo are sent before all others."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_BEFORE = ["connection", "kind", "since", "id"]
_SINCE = ["connection", "kind", "place", "since", "id"]


def upgrade() -> None:
    op.drop_index("ix_outbox_pending", "outbox")
    op.add_column("outbox", sa.Column("place", sa.Integer(), nullable=False, server_default=sa.text("1")))
    _index(_SINCE)


def downgrade() -> None:
    op.drop_index("ix_outbox_pending", "outbox")
    with op.batch_alter_table("outbox") as table:
        table.drop_column("place")
    _index(_BEFORE)


def _index(columns: list[str]) -> None:
    waiting = sa.text("state = 'new'")
    op.create_index("ix_outbox_pending", "outbox", columns, sqlite_where=waiting, postgresql_where=waiting)
