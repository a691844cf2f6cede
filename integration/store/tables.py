"""Every table of the store, in one place; migrations/versions must say the same (a test compares).

Times are Instants in BIGINT columns, JSON is TEXT (see code.py), ids of the house are TEXT. There are
no foreign keys: leads merge, records are erased and batches arrive in any order; and on PostgreSQL a
key check would lock the lead's row for every activity.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.sql.expression import ColumnClause, literal_column, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the type is spelled INTEGER."""

EVENTS = Sequence("event_seq", metadata=metadata)
"""PostgreSQL's numbering of activities and changes together; SQLite keeps it in `cursors`."""

NEW: ColumnClause[str] = literal_column("'new'")
"""A literal, not a parameter: partial indexes match only what they can read."""

ONE: ColumnClause[int] = literal_column("1")
NONE: ColumnClause[int] = literal_column("0")
"""Literals, so that all parameters of a statement that runs for many rows are the rows' own."""


def _text(name: str, *, null: bool = False, **more: Any) -> Column[Any]:
    return Column(name, Text, nullable=null, **more)


def _big(name: str, *, null: bool = False, **more: Any) -> Column[Any]:
    return Column(name, BigInteger, nullable=null, **more)


def _number(name: str, *, null: bool = False, **more: Any) -> Column[Any]:
    return Column(name, Integer, nullable=null, **more)


def _serial(name: str = "id") -> Column[Any]:
    return Column(name, RowId, primary_key=True, autoincrement=True)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


_ZERO = text("0")
_ONE = text("1")
_NEW_STATE = text("'new'")

leads = Table(
    "leads",
    metadata,
    _text("id", primary_key=True),
    _text("email", null=True),
    _text("account_id", null=True, index=True),
    _text("owner", null=True),
    _text("fields"),
    _text("state", null=True),
    _big("seen", server_default=_ZERO),
    _big("due", null=True, index=True),
    _text("standing", null=True),
    _text("stage", null=True, index=True),
    _text("band", null=True),
    _number("total", null=True),
    _big("created_at"),
    _big("updated_at"),
    _text("merged_into", null=True),
    # All that is asked of people by e-mail: the row itself, with its long state, is not read.
    Index("ix_leads_by_email", "email", "merged_into", "created_at", "id"),
    Index("ix_leads_joined", "id", **_where("merged_into IS NOT NULL")),
)

accounts = Table(
    "accounts",
    metadata,
    _text("id", primary_key=True),
    _text("domain", null=True, index=True),
    _text("fields"),
    _text("state", null=True),
    _big("seen", server_default=_ZERO),
    _big("due", null=True, index=True),
    _big("created_at"),
    _big("updated_at"),
)

references = Table(
    "crm_references",  # REFERENCES is a word of SQL
    metadata,
    _text("system", primary_key=True),
    _text("object", primary_key=True),
    _text("external_id", primary_key=True),
    _text("lead_id", null=True, index=True),
    _text("account_id", null=True, index=True),
    _text("written", null=True),
    _text("told", null=True),
    _text("held", null=True),
)

activities = Table(
    "activities",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=False),
    _text("key", unique=True),
    _text("lead_id", null=True),
    _text("account_id", null=True),
    _big("at"),
    _text("type"),
    _text("properties"),
    _text("source"),
    Column("derived", Boolean, nullable=False),
    Index(None, "lead_id", "seq"),
    Index("ix_activities_account_id_seq", "account_id", "seq", **_where("account_id IS NOT NULL")),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=False),
    _text("key"),
    _text("lead_id", null=True),
    _text("account_id", null=True),
    _big("at"),
    _text("fields"),
    # One CRM record may tell something of a person and of their company: a key counts once for each.
    UniqueConstraint("lead_id", "key"),
    UniqueConstraint("account_id", "key"),
    Index(None, "lead_id", "seq"),
    Index(None, "account_id", "seq"),
)

opportunities = Table(
    "opportunities",
    metadata,
    _text("id", primary_key=True),
    _text("account_id", null=True, index=True),
    _text("fields"),
    _big("updated_at"),
)

inbox = Table(
    "inbox",
    metadata,
    _serial(),
    _text("source"),
    _big("received_at"),
    _text("headers"),
    Column("body", LargeBinary, nullable=False),
    _text("state", server_default=_NEW_STATE),
    _number("attempts", server_default=_ZERO),
    _text("error", null=True),
    Index(None, "state", "id"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    _serial(),
    _text("connection"),
    _text("kind"),
    _text("key", unique=True),
    _text("lead_id", index=True),
    _text("payload", null=True),
    _big("seq", server_default=_ONE),
    _text("state", server_default=_NEW_STATE),
    Column("attempted", Boolean, nullable=False, server_default=text("false")),
    _number("attempts", server_default=_ZERO),
    _big("not_before", server_default=_ZERO),
    _text("error", null=True),
    _big("created_at"),
    _big("since"),
    _text("external_id", null=True),
    Index("ix_outbox_pending", "connection", "kind", "since", "id", **_where("state = 'new'")),
    sqlite_autoincrement=True,
)

effects = Table(
    "effects",
    metadata,
    _text("key", primary_key=True),
    _text("lead_id"),
    _text("kind"),
    _big("at"),
    _text("payload"),
    _text("because"),
    _big("decided_at"),
    _text("withheld", null=True),
    Index(None, "lead_id", "at"),
)

dirty = Table(
    "dirty",
    metadata,
    _text("lead_id", primary_key=True),
    _big("seq"),
    _big("since"),
    Index(None, "since", "lead_id"),
)

dirty_accounts = Table(
    "dirty_accounts",
    metadata,
    _text("account_id", primary_key=True),
    _big("seq"),
    _big("since"),
    Index(None, "since", "account_id"),
)

refresh = Table(
    "refresh",
    metadata,
    _text("connection", primary_key=True),
    _text("object", primary_key=True),
    _text("external_id", primary_key=True),
    _big("seq", server_default=_ONE),
    _big("not_before", server_default=_ZERO),
    _number("attempts", server_default=_ZERO),
    Index("ix_refresh_next", "connection", "not_before", "object", "external_id"),
)

cursors = Table("cursors", metadata, _text("name", primary_key=True), _text("value"), _big("updated_at"))

leases = Table("leases", metadata, _text("name", primary_key=True), _big("token"), _text("holder"), _big("expires_at"))

lanes = Table("lanes", metadata, _text("name", primary_key=True), _big("paused_until", null=True), _text("reason"))

usage = Table(
    "usage",
    metadata,
    _text("connection", primary_key=True),
    _text("pool", primary_key=True),
    _text("tally"),
    _big("updated_at"),
)

connections = Table(
    "connections",
    metadata,
    _text("name", primary_key=True),
    _text("system"),
    _text("grant_kind"),  # GRANT is a word of SQL
    _text("details"),
    Column("sealed", LargeBinary, nullable=False),
    _text("key_id"),
    _big("expires_at", null=True),
    _big("version"),
    _text("state"),
    _text("reason", null=True),
    _big("created_at"),
    _big("updated_at"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    _serial(),
    _text("stage"),
    _text("source"),
    _text("ref"),
    Column("payload", LargeBinary, nullable=False),
    _text("reason"),
    _big("at"),
    _big("replayed_at", null=True),
    _text("lead_id", null=True, index=True),
    Index("ix_dead_letters_waiting", "id", **_where("replayed_at IS NULL")),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    _serial(),
    _big("at"),
    _text("actor"),
    _text("action"),
    _text("subject"),
    _text("detail"),
    sqlite_autoincrement=True,
)
"""Append-only: triggers of the first migration refuse to change or delete a row."""

erased = Table(
    "erased",
    metadata,
    _text("hash", primary_key=True),
    _text("person", index=True),
    _big("at"),
    _text("pending", null=True),
    Index("ix_erased_pending", "hash", **_where("pending IS NOT NULL")),
)
"""Names nobody may come back under, as keyed hashes; `person` joins those of one erasure and means nothing else.

`pending` holds the name itself until what is stored about it is gone.
"""

erasure_keys = Table(
    "erasure_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    _text("key_id"),
)
"""The key of those hashes, one row, sealed under the secret key."""
