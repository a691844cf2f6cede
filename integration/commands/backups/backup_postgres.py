"""PostgreSQL's own backup: the commands of `pg_dump` and `pg_restore` for a store, shown and run."""

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import click
from sqlalchemy.engine import URL

from integration.processes.local_stack import environment
from integration.settings import private_files
from integration.store.overall.store_copies import CopyError

_SHOWN = 1_000
"""Characters of what a program says when it fails."""


def dump(url: URL, file: Path, *, quiet: bool) -> None:
    """Write a dump of the database, of one moment, to a file for its owner alone. Raises CopyError, OSError."""
    address = _address(url)
    command = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}", f"--dbname={address}"]
    private_files.file(file)
    try:
        _run(command, url, quiet=quiet)
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def load(url: URL, file: Path) -> None:
    """Read a dump into an empty database, whole or not at all. Raises CopyError."""
    command = ["pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    _run([*command, f"--dbname={_address(url)}", str(file)], url, quiet=True)


def _run(command: Sequence[str], url: URL, *, quiet: bool) -> None:
    program = shutil.which(command[0])
    spelled = shlex.join(command)
    if program is None:
        msg = f"{command[0]} is not on this machine. Where it is, run (with the password in PGPASSWORD):\n  {spelled}"
        raise CopyError(msg)
    if not quiet:
        click.echo(spelled, err=True)
    variables = environment()
    if url.password is not None:
        variables["PGPASSWORD"] = str(url.password)
    done = subprocess.run(  # noqa: S603 - the database's own program, no shell, the password not among its words
        [program, *command[1:]], env=variables, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        msg = f"{spelled}\n{done.stderr.strip()[-_SHOWN:]}"
        raise CopyError(msg)


def _address(url: URL) -> str:
    """The database's address without the password, which other people of the machine could read in a command."""
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return bare.render_as_string(hide_password=False)
