"""The tables about people in sales: who they are, and the alerts they got. `tables.py` names these too."""

from sqlalchemy import Boolean, Column, Index, Table

from integration.store.schema.columns import big, where, words
from integration.store.schema.metadata import METADATA

alerts = Table(
    "alerts",
    METADATA,
    words("key", primary_key=True),
    words("alert"),
    words("lead_id", null=True, index=True),
    big("at"),
    big("raised_at", index=True),
    words("text"),
    words("remedy"),
    words("because"),
    words("connection", null=True),
    Index("ix_alerts_connection", "connection", **where("connection IS NOT NULL")),
)
"""Every alert that was raised, once by its key. The outbox holds one row for each way by which it is sent."""

crm_users = Table(
    "crm_users",
    METADATA,
    words("connection", primary_key=True),
    words("user_id", primary_key=True),
    words("kind"),
    words("name"),
    words("email"),
    Column("active", Boolean, nullable=False),
    words("manager"),
    words("timezone"),
    big("seen_at"),
    Index(None, "email"),
)
"""Who can own records in each CRM, as the hourly job last saw it: people, those who have left, queues and groups."""
