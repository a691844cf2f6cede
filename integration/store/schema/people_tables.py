"""The tables of leads, of their other e-mails, and of what is to be read. `tables.py` names these too."""

from sqlalchemy import Index, Table
from sqlalchemy.sql.expression import text

from integration.store.schema.columns import big, number, where, words
from integration.store.schema.metadata import METADATA

_ZERO, _ONE = text("0"), text("1")

leads = Table(
    "leads",
    METADATA,
    words("id", primary_key=True),
    words("email", null=True),
    words("account_id", null=True, index=True),
    words("owner", null=True),
    words("fields"),
    words("state", null=True),
    big("seen", server_default=_ZERO),
    big("due", null=True, index=True),
    words("standing", null=True),
    words("stage", null=True, index=True),
    words("band", null=True),
    number("total", null=True),
    words("segment", null=True),
    words("track", null=True),
    big("created_at"),
    big("updated_at"),
    words("merged_into", null=True),
    big("version", null=True),
    big("applied", server_default=_ZERO),
    # All that is asked of people by e-mail: the row itself, with its long state, is not read.
    Index("ix_leads_by_email", "email", "merged_into", "created_at", "id"),
    Index("ix_leads_joined", "id", **where("merged_into IS NOT NULL")),
    # The console's lists: by score, by last change, of an owner, by the beginning of an e-mail.
    Index("ix_leads_by_score", "total", "id", **where("merged_into IS NULL AND total IS NOT NULL")),
    Index("ix_leads_by_change", "updated_at", "id", **where("merged_into IS NULL")),
    Index("ix_leads_owned", "owner", **where("owner IS NOT NULL")),
    # (By bytes: the order of a language passes over dots and @, and finds no beginnings.)
    Index("ix_leads_begins", "email", "id", postgresql_ops={"email": "text_pattern_ops"}),
)

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
