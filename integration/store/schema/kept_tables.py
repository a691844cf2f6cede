"""The tables of what is kept from one run to the next, by what it is about. `tables.py` names these too."""

from sqlalchemy import Boolean, Column, LargeBinary, Table

from integration.store.schema.columns import big, number, serial, words
from integration.store.schema.metadata import METADATA

counters = Table("counters", METADATA, words("name", primary_key=True), big("value"))
"""Numbers that only grow: SQLite's numbering of what happens, and how much was dropped about erased people."""

service_values = Table(
    "service_values", METADATA, words("purpose", primary_key=True), words("value"), big("updated_at")
)
"""One value for each purpose, of the service as a whole; see store/db/kept_values.py for the purposes."""

connection_values = Table(
    "connection_values",
    METADATA,
    words("purpose", primary_key=True),
    words("connection", primary_key=True),
    words("value"),
    big("updated_at"),
)
"""One value for each purpose and connection."""

object_values = Table(
    "object_values",
    METADATA,
    words("purpose", primary_key=True),
    words("connection", primary_key=True),
    words("object", primary_key=True),
    words("value"),
    big("updated_at"),
)
"""One value for each purpose, connection and object of its CRM."""

call_rates = Table(
    "call_rates",
    METADATA,
    words("connection", primary_key=True),
    words("what", primary_key=True),
    big("began_at"),
    big("used"),
)
"""How many tasks or records a connection was given since then, in the span of time under way."""

pauses = Table(
    "pauses",
    METADATA,
    words("name", primary_key=True),
    words("kind", primary_key=True),
    big("until", null=True),
    words("reason"),
    words("code"),
    big("since", null=True),
)
"""Why a connection, or a way of alerts, is paused, by kind; until NULL means until a person ends it."""

sign_in_links = Table(
    "sign_in_links",
    METADATA,
    words("token", primary_key=True),
    words("connection"),
    words("system"),
    Column("sealed", LargeBinary, nullable=True),
    words("key_id", null=True),
    words("state", null=True, unique=True),
    big("created_at"),
    big("expires_at", index=True),
    big("answered_at", null=True),
    words("outcome", null=True),
    words("message", null=True),
)
"""Links with which one browser signs in to a CRM once: hashes of the link and of the state that was sent to the CRM,
the request sealed until it is over, and how it ended."""

console_links = Table(
    "console_links",
    METADATA,
    words("token", primary_key=True),
    words("role"),
    words("name"),
    big("expires_at"),
    big("used_at", null=True),
)
"""One-time links into the console, by the hash of their token."""

console_sessions = Table(
    "console_sessions",
    METADATA,
    words("token", primary_key=True),
    words("subject", index=True),
    words("name"),
    words("role"),
    words("zone"),
    big("began_at"),
    big("seen_at"),
    big("expires_at"),
)
"""Browsers that are signed in, by the hash of their token."""

console_drafts = Table(
    "console_drafts",
    METADATA,
    words("id", primary_key=True),
    words("subject"),
    words("body"),
    words("terms"),
    big("made_at"),
    words("state"),
    big("done"),
    big("total"),
    words("result"),
)
"""Rules that somebody is about to publish in the console, and what they would do."""

saved_filters = Table(
    "saved_filters",
    METADATA,
    words("person", primary_key=True),
    words("name", primary_key=True),
    words("filter"),
    big("saved_at"),
)
"""Filters of the list of leads that somebody has saved in the console, each person's own."""

bulk_runs = Table(
    "bulk_runs",
    METADATA,
    serial(),
    words("what"),
    big("version", null=True),
    words("author"),
    Column("mends", Boolean, nullable=False),
    big("began_at"),
    big("ended_at", null=True),
    words("outcome", null=True),
    sqlite_autoincrement=True,
)
"""What is done for everybody at once: by whom it was asked for, under which version of the rules, and how it ended."""

bulk_shards = Table(
    "bulk_shards",
    METADATA,
    big("run", primary_key=True),
    number("number", primary_key=True),
    words("place"),
    words("upto", null=True),
    words("result"),
    big("ended_at", null=True),
)
"""The parts of a run, which several workers take: the leads after `place`, which is the last that was done, up to
another one (NULL: to the end)."""
