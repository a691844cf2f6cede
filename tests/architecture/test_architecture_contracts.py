"""The rules of the architecture are checked by machines, and the machines notice a violation."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

PACKAGES = ("integration", "connectors", "mappings", "webhooks", "sandbox")


def copied(where: Path) -> Path:
    """The product's packages and its contracts, copied there."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, where / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", where)
    return where


def contracts(where: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(
        command, cwd=where, env={"PYTHONPATH": str(where)}, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_house_as_it_stands_keeps_every_contract(tmp_path: Path) -> None:
    found = contracts(copied(tmp_path))
    assert found.returncode == 0, found.stdout
    assert " 0 broken" in found.stdout


_VIOLATIONS = [
    ("integration/core/rules/calendar.py", "connectors.base.port", "The core knows the canonical model"),
    ("integration/core/run/decide.py", "time", "The core knows the canonical model"),
    ("connectors/base/port.py", "integration.core.model.effects", "The house points one way"),
    ("connectors/hubspot/connector.py", "simple_salesforce", "Salesforce's library stays in its room"),
    ("mappings/translate/translation.py", "hubspot", "HubSpot's library stays in its room"),
    ("sandbox/server.py", "mappings.values.instant", "The sandbox shares no code"),
    ("integration/flows/deciding/advance.py", "sandbox.server", "Nothing but the command line starts the sandbox"),
    ("integration/store/db/session.py", "integration.flows.base.lane", "Inside the service"),
    ("sandbox/hubspot/handle.py", "sandbox.salesforce.handle", "Inside the sandbox"),
    ("sandbox/salesforce/endpoints/api.py", "sandbox.server", "Inside the sandbox"),
]
_CIRCLES = [
    ("sandbox/hubspot/state/associations.py", "sandbox.hubspot.state.portal", "sandbox.hubspot.state"),
    ("mappings/vocabulary/globs.py", "mappings.vocabulary.value", "mappings.vocabulary"),
    ("integration/core/rules/conditions.py", "integration.core.rules.playbook_rules", "integration.core.rules"),
    ("integration/core/handoff/plays.py", "integration.core.run.decide", "integration.core"),
]
"""A module, what it is made to import, and the room inside which that closes a circle."""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A house with every violation at once: what is said of each contract that is broken."""
    copy = copied(tmp_path_factory.mktemp("broken"))
    for module, imported, _ in _VIOLATIONS + _CIRCLES:
        path = copy / module
        path.write_text(path.read_text(encoding="utf-8") + f"\nimport {imported}\n", encoding="utf-8")
    found = contracts(copy)
    assert found.returncode != 0
    _, _, report = found.stdout.partition("Broken contracts")
    titles = re.compile(r"^(.+)\n-{3,}$", re.MULTILINE)
    parts = titles.split(report)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize(("module", "imported", "contract"), _VIOLATIONS)
def test_a_deliberate_violation_is_refused(broken: dict[str, str], module: str, imported: str, contract: str) -> None:
    found = next(text for title, text in broken.items() if title.startswith(contract))
    importer = module.removesuffix(".py").replace("/", ".")
    assert re.search(rf"{re.escape(importer)} -> {re.escape(imported)}\b", found), found


@pytest.mark.parametrize("room", [room for _, _, room in _CIRCLES])
def test_a_deliberate_circle_is_refused(broken: dict[str, str], room: str) -> None:
    found = "".join(text for title, text in broken.items() if "circle" in title)
    assert f"No cycles are allowed in {room}." in found


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
