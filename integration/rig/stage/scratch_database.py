"""A scratch database of a run's own, on the server that DATABASE_URL names: nothing that is there is touched."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import URL, make_url

_PREFIX = "coldframe_scratch_"
_CONNECT_SECONDS = 10


class NoDatabaseError(Exception):
    """No database can be made for the run; the message says why, for people."""


@contextlib.contextmanager
def database(given: Mapping[str, str], *, keep: bool = False) -> Iterator[dict[str, Any]]:
    """What a rig's environment needs to use the database server that `given` names; {} for SQLite in its own folder.

    A database is made beside the one that DATABASE_URL names, and dropped at the end unless `keep`. The user needs the
    right to create databases. Raises NoDatabaseError.
    """
    url = given.get("DATABASE_URL", "")
    if not url.startswith(("postgres://", "postgresql://", "postgresql+psycopg://")):
        yield {}
        return
    server = make_url(url.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql")
    name = _PREFIX + secrets.token_hex(6)
    _run(server, "CREATE DATABASE {}", name)
    try:
        yield {"DATABASE_URL": server.set(database=name).render_as_string(hide_password=False)}
    finally:
        if not keep:
            _run(server, "DROP DATABASE {} WITH (FORCE)", name)


def _run(server: URL, statement: str, name: str) -> None:
    address = server.render_as_string(hide_password=False)
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=_CONNECT_SECONDS) as conn:
            conn.execute(SQL(statement).format(Identifier(name)))
    except psycopg.Error as error:
        msg = f"DATABASE_URL's server does not make a database for this run: {str(error).strip()}"
        raise NoDatabaseError(msg) from error
