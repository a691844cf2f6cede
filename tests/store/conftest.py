"""Every store test runs on SQLite and, where `initdb` is found, on a private PostgreSQL."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from integration.store.db.session import Store

_NUMBERS = count()


@pytest.fixture
def sqlite_url(tmp_path: Path, empty_store: Path) -> str:
    """An own, migrated SQLite file."""
    return f"sqlite:///{shutil.copy(empty_store, tmp_path / 'store.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an own database without tables, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    cluster = request.getfixturevalue("cluster")
    name = f"bare_{next(_NUMBERS)}"
    cluster.sql(f"CREATE DATABASE {name}")
    yield cluster.url(name)
    cluster.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an own, migrated database, once of each kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open store on `url`."""
    opened = Store.open(url)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """An open store on SQLite, for rules that are SQLite's alone."""
    opened = Store.open(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    """An open store on PostgreSQL, for rules that are PostgreSQL's alone."""
    opened = Store.open(postgres_url)
    yield opened
    opened.dispose()


@pytest.fixture
def strace() -> str:
    """The path of a strace that is allowed to trace."""
    program = shutil.which("strace")
    if program is None or subprocess.run([program, "-o", os.devnull, "true"], check=False).returncode != 0:
        pytest.skip("strace is not on this machine or may not trace: the sync before the answer is not shown")
    return program
