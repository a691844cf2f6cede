"""The tables of e-mails beside the current one, and of what is to be read. `tables.py` names these too."""

from sqlalchemy import Index, Table
from sqlalchemy.sql.expression import text

from integration.store.schema.columns import big, number, words
from integration.store.schema.metadata import METADATA

_ZERO, _ONE = text("0"), text("1")

other_emails = Table(
    "other_emails",
    METADATA,
    words("email", primary_key=True),
    words("kind", primary_key=True),
    words("lead_id", index=True),
)
"""E-mails by which a lead goes beside its current one: `secondary`, had as well, or `former`, once had."""

refresh = Table(
    "refresh",
    METADATA,
    words("connection", primary_key=True),
    words("object", primary_key=True),
    words("external_id", primary_key=True),
    big("seq", server_default=_ONE),
    big("not_before", server_default=_ZERO),
    number("attempts", server_default=_ZERO),
    Index("ix_refresh_next", "connection", "not_before", "object", "external_id"),
)
"""Records to read."""

people_to_find = Table(
    "people_to_find",
    METADATA,
    words("connection", primary_key=True),
    words("email", primary_key=True),
    big("seq", server_default=_ONE),
    big("not_before", server_default=_ZERO),
    number("attempts", server_default=_ZERO),
    Index("ix_people_to_find_next", "connection", "not_before", "email"),
    Index(None, "email"),
)
"""People whom a CRM is to be asked for by e-mail."""
