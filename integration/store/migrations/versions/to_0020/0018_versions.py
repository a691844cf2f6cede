"""Playbooks are versions, and every lead and account says under which one it was derived.

Those of before say none: they are derived anew when the service starts, by the rule of a changed playbook.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "versions",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_versions"),
        sqlite_autoincrement=True,
    )
    op.add_column("leads", sa.Column("version", sa.BigInteger(), nullable=True))
    op.add_column("accounts", sa.Column("version", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("accounts", "version")
    op.drop_column("leads", "version")
    op.drop_table("versions")
