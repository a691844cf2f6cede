"""Alembic, called by the service itself: there is no alembic.ini to find."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

MIGRATIONS = Path(__file__).parent / "migrations"

_ADVISORY_KEY = 5_264_733_110
"""Any number, as long as nobody else in this database uses it."""


def upgrade(conn: Connection, *, patience: float) -> None:
    """Bring the tables up to date inside the caller's write transaction; waits `patience` seconds for another."""
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"SET LOCAL lock_timeout = {int(patience * 1000)}"))
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
    command.upgrade(config(conn), "head")


def config(conn: Connection) -> Config:
    """Alembic's settings for a connection in its transaction."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = conn
    return settings
