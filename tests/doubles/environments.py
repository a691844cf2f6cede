"""A virtual environment for each double: what it needs must not come among what the service needs.

`python tests/doubles/environments.py` makes all of them (`make doubles`); the tests make what is missing.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLACE = ROOT / ".venv" / "doubles"
DOUBLES = tuple(sorted(path.stem for path in HERE.glob("*.txt")))


def environment(name: str) -> Path:
    """The Python of a double's environment, made anew where its requirements have changed. Takes about a minute."""
    wanted = HERE / f"{name}.txt"
    folder, stamp = PLACE / name, PLACE / f"{name}.stamp"
    digest = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()
    PLACE.mkdir(parents=True, exist_ok=True)
    python = folder / "bin" / "python"
    with (PLACE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != digest:
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
            subprocess.run([*pip, "-r", str(wanted)], check=True)
            stamp.write_text(digest)
    return python


if __name__ == "__main__":
    for double in DOUBLES:
        environment(double)
