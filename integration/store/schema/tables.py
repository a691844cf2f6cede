"""Every table of the store, in one place; migrations/versions must say the same (a test compares).

Times are Instants in BIGINT columns, JSON is TEXT (see json_codec.py), our own ids are TEXT. There are
no foreign keys: leads merge, records are erased and batches arrive in any order; and on PostgreSQL a
key check would lock the lead's row for every activity.
"""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Sequence, Table, UniqueConstraint
from sqlalchemy.sql.expression import ColumnClause, literal_column, text

from integration.store.schema import deciding_tables, intake_tables, kept_tables, people_tables, sales_tables
from integration.store.schema.columns import RowId, big, number, serial, where, words
from integration.store.schema.metadata import METADATA

metadata = METADATA

EVENTS = Sequence("event_seq", metadata=metadata)
"""PostgreSQL's numbering of activities and changes together; SQLite keeps it in `counters`."""

NEW: ColumnClause[str] = literal_column("'new'")
"""A literal, not a parameter: partial indexes match only what they can read."""

ONE: ColumnClause[int] = literal_column("1")
NONE: ColumnClause[int] = literal_column("0")
"""Literals, so that all parameters of a statement that runs for many rows are the rows' own."""

_ZERO, _ONE, _NEW_STATE = text("0"), text("1"), text("'new'")

leads = people_tables.leads

accounts = Table(
    "accounts",
    metadata,
    words("id", primary_key=True),
    words("domain", null=True, index=True),
    words("fields"),
    words("state", null=True),
    big("seen", server_default=_ZERO),
    big("due", null=True, index=True),
    big("created_at"),
    big("updated_at"),
    big("version", null=True),
)

references = Table(
    "crm_references",  # REFERENCES is a word of SQL
    metadata,
    words("connection", primary_key=True),
    words("object", primary_key=True),
    words("external_id", primary_key=True),
    words("lead_id", null=True, index=True),
    words("account_id", null=True, index=True),
    words("written", null=True),
    words("told", null=True),
    words("held", null=True),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
)

other_emails, refresh, people_to_find = people_tables.other_emails, people_tables.refresh, people_tables.people_to_find

activities = Table(
    "activities",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=False),
    words("key", unique=True),
    words("lead_id", null=True),
    words("account_id", null=True),
    big("at"),
    words("type"),
    words("properties"),
    words("source"),
    Column("derived", Boolean, nullable=False),
    words("named", null=True),
    Index(None, "lead_id", "seq"),
    Index(None, "lead_id", "at"),
    Index("ix_activities_account_id_seq", "account_id", "seq", **where("account_id IS NOT NULL")),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=False),
    words("key"),
    words("lead_id", null=True),
    words("account_id", null=True),
    big("at"),
    words("fields"),
    Column("initial", Boolean, nullable=False, server_default=text("false")),
    # One CRM record may give values of a person and of their company: a key counts once for each.
    UniqueConstraint("lead_id", "key"),
    UniqueConstraint("account_id", "key"),
    Index(None, "lead_id", "seq"),
    Index(None, "account_id", "seq"),
)

opportunities = Table(
    "opportunities",
    metadata,
    words("id", primary_key=True),
    words("account_id", null=True, index=True),
    words("fields"),
    big("updated_at"),
)

inbox = Table(
    "inbox",
    metadata,
    serial(),
    words("source"),
    big("received_at"),
    words("headers"),
    Column("body", LargeBinary, nullable=False),
    words("state", server_default=_NEW_STATE),
    words("error", null=True),
    Index(None, "state", "id"),
    sqlite_autoincrement=True,
)

unrecognised = intake_tables.unrecognised
taken = intake_tables.taken
homes = intake_tables.homes
figures = intake_tables.figures

outbox = Table(
    "outbox",
    metadata,
    serial(),
    words("connection"),
    words("kind"),
    words("key", unique=True),
    words("lead_id", index=True),
    words("payload", null=True),
    big("seq", server_default=_ONE),
    words("state", server_default=_NEW_STATE),
    Column("attempted", Boolean, nullable=False, server_default=text("false")),
    number("attempts", server_default=_ZERO),
    big("not_before", server_default=_ZERO),
    words("error", null=True),
    big("created_at"),
    big("since"),
    words("external_id", null=True),
    big("arrived_at", null=True),  # when the CRM had it
    words("waits", null=True),  # why a task has nobody to go to
    number("place", server_default=_ONE),  # in the line: 0 for tasks about somebody who asked for a demo
    Index("ix_outbox_pending", "connection", "kind", "place", "since", "id", **where("state = 'new'")),
    sqlite_autoincrement=True,
)

effects = Table(
    "effects",
    metadata,
    words("key", primary_key=True),
    words("lead_id"),
    words("kind"),
    big("at"),
    words("payload"),
    words("because"),
    big("decided_at"),
    words("withheld", null=True),
    words("assigned", null=True),
    big("version", null=True),
    Index(None, "lead_id", "at"),
    Index("ix_effects_stages", "at", **where("kind = 'stage'")),
)

alerts, crm_users = sales_tables.alerts, sales_tables.crm_users
assignments, pool_credit = sales_tables.assignments, sales_tables.pool_credit
clock_runs, outages = sales_tables.clock_runs, sales_tables.outages
suspects, versions = deciding_tables.suspects, deciding_tables.versions
checkpoints = deciding_tables.checkpoints

dirty = Table(
    "dirty",
    metadata,
    words("lead_id", primary_key=True),
    big("seq"),
    big("since"),
    big("received_at", null=True),
    number("place", server_default=_ONE),  # in the line: 0 for whoever asked for a demo
    Index(None, "place", "since", "lead_id"),
)

dirty_accounts = Table(
    "dirty_accounts",
    metadata,
    words("account_id", primary_key=True),
    big("seq"),
    big("since"),
    Index(None, "since", "account_id"),
)

counters, call_rates, service_values = kept_tables.counters, kept_tables.call_rates, kept_tables.service_values
connection_values, object_values = kept_tables.connection_values, kept_tables.object_values

leases = Table("leases", metadata, words("name", primary_key=True), big("token"), words("holder"), big("expires_at"))

pauses, sign_in_links = kept_tables.pauses, kept_tables.sign_in_links

usage = Table(
    "usage",
    metadata,
    words("connection", primary_key=True),
    words("pool", primary_key=True),
    words("tally"),
    big("updated_at"),
)

connections = Table(
    "connections",
    metadata,
    words("name", primary_key=True),
    words("system"),
    words("grant_kind"),  # GRANT is a word of SQL
    words("details"),
    Column("sealed", LargeBinary, nullable=False),
    words("key_id"),
    big("expires_at", null=True),
    big("version"),
    words("state"),
    words("reason", null=True),
    big("created_at"),
    big("updated_at"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    serial(),
    words("stage"),
    words("source"),
    words("ref"),
    Column("payload", LargeBinary, nullable=False),
    words("reason"),
    big("at"),
    big("replayed_at", null=True),
    words("lead_id", null=True, index=True),
    words("once", null=True),
    big("delivery", null=True),
    words("item", null=True),
    Index("ix_dead_letters_waiting", "id", **where("replayed_at IS NULL")),
    Index("ix_dead_letters_ended", "replayed_at", **where("replayed_at IS NOT NULL")),
    Index("ix_dead_letters_once", "once", unique=True, **where("replayed_at IS NULL")),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    serial(),
    big("at"),
    words("actor"),
    words("action"),
    words("subject"),
    words("detail"),
    sqlite_autoincrement=True,
)
"""Append-only: triggers of the migrations refuse to change a row, and to delete one of the last thirty days."""

erased = Table(
    "erased",
    metadata,
    words("hash", primary_key=True),
    words("person", index=True),
    big("at"),
    words("pending", null=True),
    Index("ix_erased_pending", "hash", **where("pending IS NOT NULL")),
)
"""Names nobody may come back under, as keyed hashes; `person` joins those of one erasure and means nothing else.

`pending` holds the name itself until what is stored about it is gone.
"""

erasure_keys = Table(
    "erasure_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    words("key_id"),
)
"""The key of those hashes, one row, sealed under the secret key."""
