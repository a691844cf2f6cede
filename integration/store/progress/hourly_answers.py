"""Hourly answers: what a CRM says of itself and seldom changes, as it was asked last, by connection."""

from typing import Literal, TypeAlias

from sqlalchemy import Connection

from integration.store.db import kept_values
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

Question: TypeAlias = Literal["outcome_labels", "picklists", "task_words"]
"""What a connection is asked once an hour."""


def last(conn: Connection, question: Question, connection: ConnectionName) -> str | None:
    """The last answer as JSON text; None before the first."""
    return kept_values.of_connection(conn, question, connection)


def put(conn: Connection, question: Question, connection: ConnectionName, answer: str, now: Instant) -> None:
    """Keep an answer, as JSON text."""
    kept_values.put_of_connection(conn, question, connection, answer, now)
