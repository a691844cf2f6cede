"""The tables about what comes in, besides the inbox. `tables.py` has all others, and names these too."""

from sqlalchemy import BigInteger, Column, Table

from integration.store.schema.columns import big, words
from integration.store.schema.metadata import METADATA

unrecognised = Table(
    "unrecognised",
    METADATA,
    words("kind", primary_key=True),
    words("place", primary_key=True),
    words("word", primary_key=True),
    big("times"),
    big("first_at"),
    big("last_at"),
)
"""Words that came in and that no vocabulary has, by kind and by the place where they stood."""

taken = Table(
    "taken",
    METADATA,
    Column("digest", BigInteger, primary_key=True, autoincrement=False),
    big("at", index=True),
    big("delivery"),
)
"""Deliveries that were taken lately, by what their senders call them, so that one sent again is not kept again."""

homes = Table(
    "homes",
    METADATA,
    words("connection", primary_key=True),
    words("mark"),
    words("account"),
    big("learned_at"),
)
"""The portal to which a token of the environment belongs, as its CRM says; `mark` identifies the token."""

figures = Table("figures", METADATA, words("name", primary_key=True), big("counted_at"), words("body"))
"""What was counted last, for those who must not count themselves."""
