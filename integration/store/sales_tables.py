"""The tables about people in sales: what they were alerted to. `tables.py` has all others, and names these too."""

from sqlalchemy import Table

from integration.store.columns import big, words
from integration.store.metadata import METADATA

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
)
"""Every alert that was raised, once by its key. The outbox holds one row for each way by which it is sent."""
