"""Both connectors' reads against doubles that nobody here wrote, each in an environment of its own."""

import os
import subprocess
from pathlib import Path

import pytest
from tool_environments import environment

DOUBLES = Path(__file__).parents[1] / "doubles"
ROOT = DOUBLES.parents[1]

READS = {
    "backlot": {
        "read: contacts by id, unknown ones absent from a 207",
        "read: more than a batch",
        "read: companies by id",
        "changes: every page, by rising id",
        "changes: only what was modified since",
        "changes: only where a property is known",
        "read: a refused token asks for a new login",
    },
    "mockforce": {
        "find: people by e-mail, converted leads left out, quotes escaped",
        "changes: by rising id, with the recycle bin",
        "changes: the page behind an id",
        "changes: only what was modified since",
        "changes: only where a field is filled",
        "changes: an opportunity with its people",
        "users: by id, and who has left",
        "look before creating: a task is found by its key",
    },
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("double", READS)
def test_reads_run_against_a_double_that_others_wrote(double: str) -> None:
    python = environment(DOUBLES / f"{double}.txt")
    around = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    script = DOUBLES / f"reads_{double}.py"
    ran = subprocess.run(
        [str(python), str(script)], env=around, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert ran.returncode == 0, ran.stderr[-4_000:]
    assert set(ran.stdout.splitlines()) == READS[double]


def test_a_doubles_requirements_are_pinned_with_hashes_and_none_is_ours() -> None:
    ours = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").casefold()
    for name in READS:
        lines = (DOUBLES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        pins = [line for line in lines if "==" in line]
        assert pins
        assert all(line.endswith("\\") for line in pins), "each pin goes on with its hashes"
        assert not any("://" in line for line in lines)
    assert "simple-mockforce" not in ours
    assert "backlot" not in ours
