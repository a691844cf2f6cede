"""A mapping of one's own: `new` copies the shipped one, and `check` finds what `coldframe up` would refuse in it."""

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


def claiming(file: str, field: str) -> None:
    """HubSpot's mapping, which owns a field that Salesforce's owns as well."""
    coldframe("new", "copy", "--from", "hubspot")
    text = Path("copy.yaml").read_text(encoding="utf-8")
    Path(file).write_text(text.replace("system: hubspot", f"system: hubspot\nowns: {{lead: [{field}]}}", 1), "utf-8")


def test_a_field_that_the_other_systems_mapping_owns_is_found_though_one_file_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claiming("ours.yaml", "title")
    claimed = "ours.yaml:12:15: {}'title' has one owner, and Salesforce claims it too"
    result = coldframe("check", "ours.yaml", "--offline")
    assert result.exit_code == 0, "Salesforce is not connected: up would start"
    assert claimed.format("warning: ") in result.output
    assert "refused once both are connected" in result.output
    monkeypatch.setenv("SALESFORCE_ACCESS_TOKEN", "token")
    monkeypatch.setenv("SALESFORCE_INSTANCE_URL", "https://acme.my.salesforce.com")
    result = coldframe("check", "ours.yaml", "--offline")
    assert result.exit_code == 1, "it is, and up refuses"
    assert claimed.format("") in result.output
    claiming("fine.yaml", "timezone")
    assert coldframe("check", "fine.yaml", "--offline").output == "1 fine\n"


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("COLDFRAME_HUBSPOT_MAPPING", "nope.yaml", "nope.yaml:1:1: cannot be read: No such file or directory"),
        ("COLDFRAME_SALESFORCE_MAPPING", "ours.yaml", "maps hubspot, expected salesforce"),
        ("COLDFRAME_MAPPINGS", "hubspot-emea=nope.yaml", "nope.yaml:1:1: cannot be read"),
        ("COLDFRAME_VOCABULARY", "nope.yaml", "nope.yaml:1:1: cannot be read"),
        ("HUBSPOT_ACCESS_TOKEN", "token", "HUBSPOT_CLIENT_SECRET:1:1: is not set"),
    ],
)
def test_what_up_would_refuse_is_found_before_it_has_ever_run(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    claiming("ours.yaml", "title")
    monkeypatch.setenv(variable, value)
    result = coldframe("check", "--offline")
    assert result.exit_code != 0
    assert told in result.output
    assert sorted(path.name for path in Path().iterdir()) == ["copy.yaml", "ours.yaml"], "a look makes nothing"
