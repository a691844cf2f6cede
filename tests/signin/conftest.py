"""Fixtures of test_signin_connect.py and test_signin_keys.py."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flows_connect import KEY, Run

from integration.cli import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def run(folder: Path) -> Run:
    """`run(words…, **variables)`: the command in this process, for those that wait for nobody."""
    given = {"COLDFRAME_SECRET_KEY": KEY, "COLDFRAME_DATA_DIR": str(folder), "COLUMNS": "200"}

    def invoke(*words: str, typed: str | None = None, **variables: str) -> Result:
        return CliRunner().invoke(main, list(words), input=typed, env=given | variables, catch_exceptions=False)

    return invoke
