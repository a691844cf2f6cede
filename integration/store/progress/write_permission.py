"""The write permission: that a person has let this installation write to the CRMs, since when, and how fast.

A new store has none: the service works in shadow mode until `coldframe live` gives it.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from integration.store.db import kept_values
from integration.store.db.json_codec import decode, encode
from mappings.values.instant import Instant

_PERMISSION: Final = "write_permission"


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePermission:
    """`at` is when it was given; what fell due before `live_from` was history by then.

    The limits are those of this start, in place of the settings'; 0 is no limit, None leaves the setting's.
    """

    at: Instant
    live_from: Instant
    tasks_per_hour: int | None = None
    writes_per_minute: int | None = None


def given(conn: Connection) -> WritePermission | None:
    """The permission; None where nobody has given one, or it was taken back."""
    return read(kept_values.of_service(conn, _PERMISSION))


def read(stored: str | None) -> WritePermission | None:
    """What is kept of it, as a value."""
    return None if stored is None else decode(stored, WritePermission)


def give(conn: Connection, permission: WritePermission) -> None:
    """Keep the permission, in place of an earlier one."""
    kept_values.put_of_service(conn, _PERMISSION, encode(permission), permission.at)


def take_back(conn: Connection) -> None:
    """There is no permission any more."""
    kept_values.drop_of_service(conn, _PERMISSION)
