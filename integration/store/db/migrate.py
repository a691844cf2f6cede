"""Runs Alembic's migrations; the service calls it itself, without an alembic.ini.

Alembic is imported where there is something to migrate: a tenth of what any command takes to start would be for it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from integration.store.db.errors import StoreNewerError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent.parent / "migrations"

KNOWN = frozenset(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").rglob("[0-9]*_*.py"))
"""Every version of the tables that this code knows; the files are named by them."""

_ADVISORY_KEY = 5_264_733_110
"""Any number, as long as nobody else in this database uses it."""


def upgrade(conn: Connection, *, patience: float) -> None:
    """Bring the tables up to date inside the caller's write transaction; waits `patience` seconds for another."""
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"SET LOCAL lock_timeout = {int(patience * 1000)}"))
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
    if up_to_date(conn):
        return
    from alembic import command  # noqa: PLC0415 - see the module

    command.upgrade(config(conn), "head")


def up_to_date(conn: Connection) -> bool:
    """Whether the tables are those of this version."""
    return _versions(conn) == {max(KNOWN)}


def refuse_newer(conn: Connection) -> None:
    """Raise StoreNewerError where the tables are of a version that this code does not know."""
    unknown = _versions(conn) - KNOWN
    if unknown:
        msg = (
            f"The store's tables are of version {', '.join(sorted(unknown))}, and this coldframe knows them up to "
            f"{max(KNOWN)}: a newer coldframe has been here. Run that one, or restore a backup from before it."
        )
        raise StoreNewerError(msg)


def config(conn: Connection) -> "Config":
    """Alembic's settings for a connection in its transaction."""
    from alembic.config import Config  # noqa: PLC0415 - see the module

    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.set_main_option("recursive_version_locations", "true")  # ten migrations a folder
    settings.attributes["connection"] = conn
    return settings


def _versions(conn: Connection) -> set[str]:
    """What the store says of its tables; nothing where it has none."""
    if not inspect(conn).has_table("alembic_version"):
        return set()
    return set(conn.scalars(text("SELECT version_num FROM alembic_version")))
