"""A program that the tests fork behaves as one that Python starts: `forked_programs` stands for it in many tests."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import forked_programs
import pytest
from forked_programs import Forked

TELLS = """
import os, sys
print(sys.argv[1:], sys.stdin.read(), os.getcwd(), os.environ.get("NAME"), "HOME" in os.environ, __name__)
print("wrong", file=sys.stderr)
sys.exit(3)
"""


def started(
    folder: Path, *words: str, typed: bytes = b"", session: bool = False, **variables: str
) -> tuple[Forked, Path, Path]:
    output, errors, keys = folder / "output", folder / "errors", folder / "keys"
    keys.write_bytes(typed)
    with output.open("wb") as out, errors.open("wb") as err, keys.open("rb") as given:
        around = {"PYTHONPATH": forked_programs.PATH, **variables}
        return (
            forked_programs.start(words, around, folder, typed=given, output=out, errors=err, session=session),
            output,
            errors,
        )


@pytest.mark.parametrize(
    "words",
    [
        ("-c", TELLS, "one", "two"),
        ("-m", "integration", "letters", "retry", "--nonsense"),
        ("-m", "integration", "doctor"),
    ],
    ids=lambda words: words[-1],
)
def test_it_does_what_the_same_words_do_when_python_is_started(tmp_path: Path, words: tuple[str, ...]) -> None:
    given = {"PYTHONPATH": forked_programs.PATH, "NAME": "Ana", "DATABASE_URL": "nonsense", "COLUMNS": "90"}
    program, output, errors = started(tmp_path, *words, typed=b"typed", **given)
    status = program.wait(60)
    real = subprocess.run(
        [sys.executable, *words], env=given, cwd=tmp_path, input=b"typed", capture_output=True, check=False
    )
    assert (status, output.read_bytes(), errors.read_bytes()) == (real.returncode, real.stdout, real.stderr)
    assert real.stdout + real.stderr


def test_a_file_runs_with_its_folder_in_the_path_and_a_traceback_ends_it_with_1(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("NAME = 'beside'")
    (tmp_path / "program.py").write_text("import beside\nprint(beside.NAME)\n1 / 0")
    program, output, errors = started(tmp_path, str(tmp_path / "program.py"))
    assert (program.wait(30), output.read_text()) == (1, "beside\n")
    assert "ZeroDivisionError" in errors.read_text()


def test_it_is_killed_and_waited_for_by_its_own_process_id_and_group(tmp_path: Path) -> None:
    program, _, _ = started(tmp_path, "-c", "import time; time.sleep(60)", session=True)
    other, _, _ = started(tmp_path, "-c", "import time; time.sleep(60)")
    assert program.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.01)
    assert os.getpgid(program.pid) == program.pid
    os.killpg(program.pid, signal.SIGKILL)
    assert (program.wait(10), program.poll()) == (-signal.SIGKILL, -signal.SIGKILL)
    assert other.poll() is None
    other.terminate()
    assert other.wait(10) == -signal.SIGTERM
    other.kill()  # which is nothing once it has ended
