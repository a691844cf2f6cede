"""The tables about what comes in, beside the inbox. `tables.py` has all others, and names these too."""

from sqlalchemy import Table

from integration.store.columns import big, words
from integration.store.metadata import METADATA

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
