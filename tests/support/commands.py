"""Runs a command of `coldframe` as a person does: a process of its own, with no other environment than is given."""

import tempfile
from collections.abc import Sequence

import forked_programs
from places import ROOT


def run(arguments: Sequence[str], environment: dict[str, str], typed: str = "") -> tuple[int, str, str]:
    """(exit status, output, errors) of a command; `typed` is what the person types."""
    around = {"PYTHONPATH": str(ROOT), "COLUMNS": "200", **environment}
    with tempfile.TemporaryFile() as keys, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        keys.write(typed.encode())
        keys.seek(0)
        program = forked_programs.start(
            ["-m", "integration", *arguments], around, typed=keys, output=output, errors=errors
        )
        try:
            status = program.wait(60)
        finally:
            program.kill()
        output.seek(0)
        errors.seek(0)
        return status, output.read().decode(), errors.read().decode()
