"""What lanes fail at is counted in one table for all of them; deliveries no longer count by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suspects",
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("letter", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("lane", "item", name="pk_suspects"),
    )
    op.drop_column("inbox", "attempts")


def downgrade() -> None:
    op.add_column("inbox", sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.drop_table("suspects")
