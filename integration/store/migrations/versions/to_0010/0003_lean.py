"""Fewer indexes to keep for each activity, and two that find people without reading their rows."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JOINED = sa.text("merged_into IS NOT NULL")
NAMED = sa.text("account_id IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_activities_lead_id_at", "activities")
    op.drop_index("ix_activities_account_id_seq", "activities")
    op.create_index(
        "ix_activities_account_id_seq",
        "activities",
        ["account_id", "seq"],
        sqlite_where=NAMED,
        postgresql_where=NAMED,
    )
    op.drop_index("ix_leads_email", "leads")
    op.create_index("ix_leads_by_email", "leads", ["email", "merged_into", "created_at", "id"])
    op.create_index("ix_leads_joined", "leads", ["id"], sqlite_where=JOINED, postgresql_where=JOINED)


def downgrade() -> None:
    op.drop_index("ix_leads_joined", "leads")
    op.drop_index("ix_leads_by_email", "leads")
    op.create_index("ix_leads_email", "leads", ["email"])
    op.drop_index("ix_activities_account_id_seq", "activities")
    op.create_index("ix_activities_account_id_seq", "activities", ["account_id", "seq"])
    op.create_index("ix_activities_lead_id_at", "activities", ["lead_id", "at"])
