"""Fixtures of the attacks."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def data(tmp_path: Path, empty_store: Path) -> Path:
    """A data directory with an empty store in it."""
    shutil.copy(empty_store, tmp_path / "coldframe.db")
    return tmp_path
