"""The house's rules are checked by machines, and the machines notice a violation."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

PACKAGES = ("integration", "connectors", "mappings", "webhooks", "sandbox")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def contracts(where: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(
        command, cwd=where, env={"PYTHONPATH": str(where)}, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_house_as_it_stands_keeps_every_contract(copy: Path) -> None:
    found = contracts(copy)
    assert found.returncode == 0, found.stdout
    assert " 0 broken" in found.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("integration/core/rules/calendar.py", "import connectors.base.port", "The core knows the canonical model"),
        ("integration/core/run/decide.py", "import time", "The core knows the canonical model"),
        ("connectors/base/port.py", "import integration.core.model.effects", "The house points one way"),
        ("connectors/hubspot/connector.py", "import simple_salesforce", "Salesforce's library stays in its room"),
        ("mappings/translate/translation.py", "import hubspot", "HubSpot's library stays in its room"),
        ("sandbox/server.py", "import mappings.values.instant", "The sandbox shares no code"),
        (
            "integration/flows/deciding/advance.py",
            "import sandbox.server",
            "Nothing but the command line starts the sandbox",
        ),
        ("integration/store/db/session.py", "import integration.flows.base.lane", "Inside the service"),
    ],
)
def test_a_deliberate_violation_is_refused(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    found = contracts(copy)
    assert found.returncode != 0
    broken = next(each for each in found.stdout.splitlines() if contract in each and "BROKEN" in each)
    assert broken


@pytest.mark.parametrize(
    "line",
    [
        "import datetime\nNOW = datetime.datetime.now(datetime.UTC)",
        "import time\nNOW = time.time()",
        "import uuid\nKEY = uuid.uuid4()",
        "import os\nHOME = os.environ['HOME']",
        "import random\nDICE = random.random()",
    ],
)
def test_clock_chance_and_environment_are_arguments(tmp_path: Path, line: str) -> None:
    path = tmp_path / "integration" / "elsewhere.py"
    path.parent.mkdir()
    path.write_text(f'"""A module."""\n\n{line}\n', encoding="utf-8")
    command = [
        str(Path(sys.executable).parent / "ruff"),
        "check",
        "--no-cache",
        "--config",
        str(ROOT / "pyproject.toml"),
    ]
    found = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode != 0
    assert "TID251" in found.stdout


def test_texts_name_only_modules_that_there_are() -> None:
    """A comment that says `see foo.py` sends nobody to a module that was moved or renamed."""
    files = [file for folder in PACKAGES for file in (ROOT / folder).rglob("*.py")]
    names = {file.name for file in files}
    named = re.compile(r"\b([a-z_]+\.py)\b")
    gone = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in files
        for name in named.findall(file.read_text(encoding="utf-8"))
        if name not in names
    }
    assert gone == set()
