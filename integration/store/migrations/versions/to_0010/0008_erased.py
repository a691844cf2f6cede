"""Who was erased, as keyed hashes, and the sealed key that makes them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PENDING = sa.text("pending IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "erased",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name="pk_erased"),
    )
    op.create_index("ix_erased_person", "erased", ["person"])
    op.create_index("ix_erased_pending", "erased", ["hash"], sqlite_where=PENDING, postgresql_where=PENDING)
    op.create_table(
        "erasure_keys",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure_keys"),
    )


def downgrade() -> None:
    op.drop_table("erasure_keys")
    op.drop_table("erased")
