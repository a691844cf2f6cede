"""Absences: who was reported away with `coldframe routing away`, besides what routing.yaml says."""

from collections.abc import Mapping

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from mappings.values.instant import Instant


def reported(conn: Connection) -> dict[str, tuple[str, ...]]:
    """By e-mail, when somebody is away, each as `2026-12-20..2027-01-03`."""
    stored = kept_values.of_service(conn, "absences")
    return {} if stored is None else decode(stored, dict[str, tuple[str, ...]])


def keep(conn: Connection, absences: Mapping[str, tuple[str, ...]], now: Instant) -> None:
    """Keep who is away, whole; whoever has no absence is left out."""
    kept_values.put_of_service(conn, "absences", encode({who: each for who, each in absences.items() if each}), now)
