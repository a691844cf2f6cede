"""Versions of the rules say what was changed, by which vocabulary, and how those who pass the gate are handed over."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("versions", sa.Column("what", sa.Text(), nullable=False, server_default=sa.text("'playbook'")))
    op.add_column("versions", sa.Column("vocabulary", sa.Text(), nullable=True))
    op.add_column("versions", sa.Column("quiet", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("versions", sa.Column("tasks_per_hour", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("versions") as table:
        for name in ("tasks_per_hour", "quiet", "vocabulary", "what"):
            table.drop_column(name)
