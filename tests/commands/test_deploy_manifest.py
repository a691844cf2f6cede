"""What a platform reads: every setting is described, every process of the Procfile is a command."""

import json

import pytest
from click.testing import CliRunner
from places import ROOT

from integration.cli import ABOUT, COMMANDS, main
from integration.settings.environment import variables

GIVEN_BY_THE_PLATFORM = {"DATABASE_URL", "REDIS_URL", "PORT"}
FOR_ONE_MACHINE = {
    "COLDFRAME_DATA_DIR",
    "COLDFRAME_REHEARSAL",
    "COLDFRAME_MAX_BODY_BYTES",
    "COLDFRAME_REQUEST_SECONDS",
}


def test_the_manifest_describes_every_setting_and_no_other() -> None:
    told = json.loads((ROOT / "app.json").read_text(encoding="utf-8"))["env"]
    assert set(told) == set(variables()) - GIVEN_BY_THE_PLATFORM - FOR_ONE_MACHINE
    assert all(each["description"] for each in told.values())
    assert {name for name, each in told.items() if each.get("generator") == "secret"} == {
        "COLDFRAME_SECRET_KEY",
        "COLDFRAME_ACTIVITY_SECRET",
    }


def test_operations_tell_of_every_setting() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in variables() if name not in page and name != "COLDFRAME_REHEARSAL"] == []


def test_every_process_of_the_procfile_is_a_command() -> None:
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    processes = dict(line.split(": coldframe ") for line in lines)
    assert set(processes) == {"release", "web", "worker", "clock"}
    assert set(processes.values()) <= set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    found = CliRunner().invoke(main, [name, "--help"])
    assert found.exit_code == 0, found.output
    assert "Example" in found.output


def test_help_tells_of_every_command() -> None:
    assert set(ABOUT) == set(COMMANDS)
