"""Leads are listed in the console: by score, last change, segment, track, owner, and the beginning of an e-mail.

What is stored of segments and tracks of leads that were decided about before is taken from their standings.
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_FILL = {
    "sqlite": (
        "UPDATE leads SET segment = json_extract(standing, '$.segment'), track = json_extract(standing, '$.track') "
        "WHERE standing IS NOT NULL"
    ),
    "postgresql": (
        "UPDATE leads SET segment = CAST(standing AS JSON) ->> 'segment', track = CAST(standing AS JSON) ->> 'track' "
        "WHERE standing IS NOT NULL"
    ),
}


def upgrade() -> None:
    op.add_column("leads", sa.Column("segment", sa.Text(), nullable=True))
    op.add_column("leads", sa.Column("track", sa.Text(), nullable=True))
    op.execute(_FILL[op.get_bind().dialect.name])
    _index("ix_leads_by_score", ["total", "id"], "merged_into IS NULL AND total IS NOT NULL")
    _index("ix_leads_by_change", ["updated_at", "id"], "merged_into IS NULL")
    _index("ix_leads_owned", ["owner"], "owner IS NOT NULL")
    op.create_index("ix_leads_begins", "leads", ["email", "id"], postgresql_ops={"email": "text_pattern_ops"})
    op.create_table(
        "saved_filters",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "name", name=op.f("pk_saved_filters")),
    )


def downgrade() -> None:
    op.drop_table("saved_filters")
    for name in ("ix_leads_begins", "ix_leads_owned", "ix_leads_by_change", "ix_leads_by_score"):
        op.drop_index(name, "leads")
    with op.batch_alter_table("leads") as table:
        table.drop_column("track")
        table.drop_column("segment")


def _index(name: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, "leads", columns, sqlite_where=only, postgresql_where=only)
