"""The tables about people in sales: who they are, what they got, how long they took. `tables.py` names these too."""

from sqlalchemy import Boolean, Column, Index, Table

from integration.store.schema.columns import big, number, where, words
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

assignments = Table(
    "assignments",
    METADATA,
    words("key", primary_key=True),
    words("lead_id", index=True),
    words("connection"),
    words("user_id"),
    words("person"),
    words("pool"),
    big("at"),
    big("closed_at", null=True),
    big("stands_at", null=True),
    Index(None, "person", "at"),
    Index("ix_assignments_open", "person", **where("closed_at IS NULL")),
)
"""Every task that was given to somebody, by its key in the outbox, since when it stands in the CRM, and until when it
was open."""

pool_credit = Table(
    "pool_credit", METADATA, words("pool", primary_key=True), words("person", primary_key=True), big("credit")
)
"""What each person of a pool has on account towards their next turn."""

clock_runs = Table(
    "clock_runs",
    METADATA,
    words("key", primary_key=True),
    words("lead_id", index=True),
    words("clock"),
    number("times"),
    big("started_at"),
    big("received_at"),
    big("due_at"),
    Column("breached", Boolean, nullable=False),
    big("ended_at", null=True),
    words("answer"),
    words("hours"),
    words("withheld", null=True),
    Index(None, "started_at", "key"),
    Index("ix_clock_runs_running", "clock", "due_at", **where("ended_at IS NULL")),
)
"""Every run of every clock, as the last decision about its lead had it; `withheld` where nobody was to answer."""

outages = Table(
    "outages",
    METADATA,
    words("connection", primary_key=True),
    words("kind", primary_key=True),
    big("begins_at", primary_key=True, autoincrement=False),
    big("ends_at", null=True),
    words("reason"),
)
"""When a connection could not be used, and why; until NULL means until somebody ends it."""
