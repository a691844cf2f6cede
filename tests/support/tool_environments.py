"""A virtual environment for each tool that others wrote: what it needs must not come among what the service needs.

`python tests/support/tool_environments.py FILE.txt …` makes those of these requirements; tests make what is missing.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from places import ROOT

PLACE = ROOT / ".venv"
_OPTIONS = ("--quiet", "--disable-pip-version-check", "--require-hashes")


def environment(wanted: Path) -> Path:
    """The Python of the environment of these requirements, made anew where they have changed.

    The pip that is here installs into it: to make another one takes longer than some of the tools. Nothing is compiled
    before it is imported, which of most files is never.
    """
    place = PLACE / wanted.parent.name
    folder, stamp = place / wanted.stem, place / f"{wanted.stem}.stamp"
    digest = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()
    place.mkdir(parents=True, exist_ok=True)
    python = folder / "bin" / "python"
    with (place / f"{wanted.stem}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != digest:
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
            pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-compile", *_OPTIONS]
            subprocess.run([*pip, "-r", str(wanted)], check=True)
            stamp.write_text(digest)
    return python


if __name__ == "__main__":
    for name in sys.argv[1:]:
        environment(Path(name))
