"""The tables about deciding: by which playbook, and what lanes could not work. `tables.py` names these too."""

from sqlalchemy import Boolean, Column, Table, text

from integration.store.schema.columns import big, number, serial, words
from integration.store.schema.metadata import METADATA

suspects = Table(
    "suspects",
    METADATA,
    words("lane", primary_key=True),
    words("item", primary_key=True),
    words("lead_id", null=True),
    number("tries"),
    big("at"),
    big("letter", null=True),
)
"""Items at which a lane failed, or that may have killed its worker; `letter` is the sync error of one set aside."""

versions = Table(
    "versions",
    METADATA,
    serial("number"),
    words("fingerprint"),
    number("format"),
    words("text"),
    words("author"),
    words("reason"),
    big("at"),
    words("what", server_default=text("'playbook'")),
    words("vocabulary", null=True),
    Column("quiet", Boolean, nullable=False, server_default=text("false")),
    number("tasks_per_hour", null=True),
    words("roots", null=True),
    words("files", null=True),
    sqlite_autoincrement=True,
)
"""Every set of rules that was ever in force; the last one is. `format` is the number of the states derived under it.

`what` was changed by it: the playbook, or the vocabulary, whose text stands there once one was published. `roots` are
what keys of effects call its tracks, plays and clocks, as JSON; NULL in versions that were published before renames.
`files` are further files that were published, such as field mappings, by kind and by what each is of.
"""

checkpoints = Table(
    "checkpoints",
    METADATA,
    words("lead_id", primary_key=True),
    number("number", primary_key=True),
    big("at"),
    number("kind"),
    words("event"),
    big("applied"),
    words("state"),
)
"""States of a lead on the way, from which it is derived where something arrives late. `at`, `kind` and `event` are the
place of the last event that is in it, `applied` how many are. They belong to the lead's own state: where that is
forgotten, or of another version of the rules, they say nothing."""
