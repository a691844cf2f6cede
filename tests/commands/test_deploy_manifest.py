"""What a platform reads: every setting is described, every process of the Procfile is a command."""

import json
import re
import subprocess

import yaml
from places import ROOT

from integration.cli import ABOUT, COMMANDS
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


def test_every_process_of_the_procfile_is_a_command_that_needs_no_installation() -> None:
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    processes = dict(line.split(": python -m integration ") for line in lines)
    assert set(processes) == {"release", "web", "worker", "clock"}
    assert set(processes.values()) <= set(COMMANDS)
    formation = json.loads((ROOT / "app.json").read_text(encoding="utf-8"))["formation"]
    assert set(formation) == set(processes) - {"release"}


def test_the_composition_runs_the_processes_of_the_procfile_with_no_secret_of_its_own() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    services = composed["services"]
    commands = {name: each["command"] for name, each in services.items() if each.get("image") == "coldframe"}
    assert commands == {"migrate": ["migrate"], "web": ["web"], "worker": ["worker"], "clock": ["clock"]}
    for name in commands:
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    asked = {line.partition("=")[0] for line in _lines("deploy/compose.env.example")}
    assert {"POSTGRES_PASSWORD", "VALKEY_PASSWORD"} <= asked
    assert asked - {"POSTGRES_PASSWORD", "VALKEY_PASSWORD"} <= set(variables())
    assert re.findall(r"(?:PASSWORD|SECRET)\w*: (?!\$\{)\S+", (ROOT / "compose.yaml").read_text(encoding="utf-8")) == []


def test_the_image_holds_every_package_and_runs_as_nobody_in_particular() -> None:
    lines = _lines("Dockerfile")
    copied = {line.split()[1] for line in lines if line.startswith("COPY ") and len(line.split()) == 3}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"playbooks"}
    assert packages - {"tests"} <= copied
    assert "USER 10001:10001" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    python = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert sum(f"FROM python:{python}-slim" in line for line in lines) == 2


def test_the_unit_runs_up_with_settings_that_there_are() -> None:
    lines = _lines("deploy/systemd/coldframe.service")
    assert "ExecStart=/opt/coldframe/bin/coldframe up" in lines
    assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077", "StateDirectory=coldframe"} <= set(lines)


def _lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_every_walk_is_run_by_make_walks_and_can_be_read() -> None:
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    walks = sorted((ROOT / "docs" / "walks").glob("*.sh"))
    assert [walk.name for walk in walks if f"bash docs/walks/{walk.name}" not in made] == []
    assert all(walk.read_text(encoding="utf-8").splitlines()[1].startswith("# ") for walk in walks)
    for walk in walks:
        subprocess.run(["/bin/bash", "-n", walk], check=True)


def test_a_bare_debian_gets_the_packages_that_readme_names() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"apt install ([a-z0-9 -]*)`", readme)
    assert found is not None
    assert found[1].split() == ["git", "make", "python3-venv"]


def test_help_tells_of_every_command() -> None:
    assert set(ABOUT) == set(COMMANDS)
