"""The Dockerfile has no fault that hadolint knows; no builder stands on the machines that test it."""

import subprocess
from pathlib import Path

from places import ROOT
from tool_environments import environment

REQUIREMENTS = ROOT / "tests" / "supply" / "hadolint.txt"


def linted(file: Path) -> tuple[int, str]:
    """(exit status, what it says) of hadolint on a file."""
    program = environment(REQUIREMENTS).with_name("hadolint")
    done = subprocess.run([program, "--no-color", file], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


def test_hadolint_has_nothing_against_the_dockerfile() -> None:
    assert linted(ROOT / "Dockerfile") == (0, "")


def test_hadolint_sees_what_is_wrong(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM debian\nRUN sudo apt-get install foo\n", encoding="utf-8")
    status, said = linted(bad)
    assert status == 1
    assert "DL3004" in said
