"""`coldframe mapping new`: a mapping of one's own begins as a copy of the shipped one."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connectors import vendors
from integration.commands.authoring.mapping import mapping
from mappings.language.mapping_files import opened


@pytest.fixture(autouse=True)
def in_a_folder_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLDFRAME_DATA_DIR", str(tmp_path / "var"))


def coldframe(*args: str) -> Result:
    return CliRunner().invoke(mapping, args, catch_exceptions=False)


@pytest.mark.parametrize("system", vendors.systems())
def test_new_writes_a_mapping_that_compiles_and_says_what_comes_next(system: str) -> None:
    result = coldframe("new", "ours", "--from", system)
    assert result.exit_code == 0, result.output
    assert f"COLDFRAME_{system.upper()}_MAPPING=ours.yaml" in result.output
    found = opened("ours.yaml")
    assert found.problems == ()
    assert found.mapping is not None
    assert found.mapping.system == system
    assert re.findall(r"\[[a-z][a-z -]*: [a-z]|\bdecision \d|\b00\d:\d", found.text) == []
    assert coldframe("check", "ours.yaml", "--offline").output == "1 fine\n"


def test_new_never_overwrites() -> None:
    Path("ours.yaml").write_text("mine", encoding="utf-8")
    assert coldframe("new", "ours", "--from", "hubspot").exit_code == 1
    assert Path("ours.yaml").read_text(encoding="utf-8") == "mine"


def test_new_names_the_systems_there_are() -> None:
    result = coldframe("new", "ours", "--from", "hubspott")
    assert result.exit_code == 2
    assert "'hubspot'" in result.output
