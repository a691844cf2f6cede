"""Writes a file that somebody goes on editing, and never over one that is there."""

from pathlib import Path

import click


def write_new(target: Path, text: str) -> None:
    """Write `text` to `target`; a ClickException where something stands there, or it cannot be written."""
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        msg = f"{target} exists already; it was left as it is"
        raise click.ClickException(msg) from None
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}"
        raise click.ClickException(msg) from None
