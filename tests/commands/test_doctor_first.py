"""`coldframe doctor` in a folder in which nothing has ever run: nothing is amiss that `coldframe up` makes itself."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from integration.cli import main


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLDFRAME_SECRET_KEY", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)


def test_what_up_makes_itself_is_not_missing_and_a_look_makes_nothing() -> None:
    found = CliRunner().invoke(main, ["doctor"], env={"COLUMNS": "80"})
    assert "COLDFRAME_SECRET_KEY" not in found.output
    assert "coldframe up makes both" in " ".join(found.output.replace("│", " ").split())
    assert list(Path().iterdir()) == []


def test_what_up_would_refuse_is_amiss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "token")
    found = CliRunner().invoke(main, ["doctor"], env={"COLUMNS": "80"})
    assert found.exit_code == 1
    assert "HUBSPOT_CLIENT_SECRET" in found.output


def test_with_a_database_the_key_has_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/coldframe")
    found = CliRunner().invoke(main, ["doctor"], env={"COLUMNS": "80"})
    assert found.exit_code == 1
    assert "COLDFRAME_SECRET_KEY" in found.output
