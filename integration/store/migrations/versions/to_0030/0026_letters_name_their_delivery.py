"""Sync errors of deliveries say in columns which delivery they are about, and which item of it."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

PAGE = 1_000

letters = sa.table("dead_letters", *map(sa.column, ("id", "stage", "ref", "delivery", "item")))


def upgrade() -> None:
    op.add_column("dead_letters", sa.Column("delivery", sa.BigInteger(), nullable=True))
    op.add_column("dead_letters", sa.Column("item", sa.Text(), nullable=True))
    conn = op.get_bind()
    unread = sa.select(letters.c.id, letters.c.ref).where(letters.c.stage == "ingest").order_by(letters.c.id)
    write = (
        sa.update(letters)
        .where(letters.c.id == sa.bindparam("row"))
        .values(delivery=sa.bindparam("of", type_=sa.BigInteger), item=sa.bindparam("which", type_=sa.Text))
    )
    last = 0
    while page := conn.execute(unread.where(letters.c.id > last).limit(PAGE)).all():
        conn.execute(write, [{"row": row, **_parts(ref)} for row, ref in page])
        last = page[-1][0]


def downgrade() -> None:
    """`ref` says the same in one text."""
    with op.batch_alter_table("dead_letters") as table:
        table.drop_column("item")
        table.drop_column("delivery")


def _parts(ref: str) -> dict[str, object]:
    delivery, colon, item = ref.partition(":")
    return {"of": int(delivery) if delivery.isdigit() else None, "which": item if colon else None}
