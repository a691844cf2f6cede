"""Runs a command of `coldframe` as a person does: a process of its own, with no other environment than is given."""

import subprocess
import sys
from collections.abc import Sequence

from places import ROOT


def run(arguments: Sequence[str], environment: dict[str, str], typed: str = "") -> tuple[int, str, str]:
    """(exit status, output, errors) of a command; `typed` is what the person types."""
    done = subprocess.run(
        [sys.executable, "-m", "integration", *arguments],
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "200", **environment},
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
