"""The local key: an installation on one machine makes it for itself, and every command there finds it again."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from integration.settings import private_files

VARIABLE = "COLDFRAME_SECRET_KEY"
FOLDER = "COLDFRAME_DATA_DIR"
DATABASE = "DATABASE_URL"
_FILE = "secret.key"


def value_of(given: Mapping[str, str], variable: str) -> str:
    """What a variable says; "" where it is not set, or empty, which is the same."""
    return given.get(variable, "").strip()


def data_folder(given: Mapping[str, str]) -> Path:
    """Where this installation keeps its files."""
    return Path(value_of(given, FOLDER) or "var")


def alone(given: Mapping[str, str]) -> bool:
    """Whether the store lies in the data folder: no database is named."""
    return not value_of(given, DATABASE)


def with_kept_key(given: Mapping[str, str]) -> dict[str, str]:
    """These variables, with the key of the data directory where none is given.

    Only where the store lies there too: with a DATABASE_URL the key belongs to a platform's settings.
    """
    path = key_file(given)
    if value_of(given, VARIABLE) or not alone(given) or not path.is_file():
        return dict(given)
    return {**given, VARIABLE: path.read_text(encoding="ascii")}


def to_be_made(given: Mapping[str, str]) -> bool:
    """Whether `coldframe up` has yet to make the key of this data folder."""
    return alone(given) and not value_of(with_kept_key(given), VARIABLE)


def with_stand_in(given: Mapping[str, str]) -> dict[str, str]:
    """These variables as `coldframe up` would have them, with a stand-in for a key that it has yet to make.

    For looking at settings alone: nothing is sealed with it.
    """
    return {**given, VARIABLE: "0" * 64} if to_be_made(given) else with_kept_key(given)


def made_key(given: Mapping[str, str]) -> str:
    """The data directory's own key, made once and readable by its owner alone."""
    path = key_file(given)
    if not path.exists():
        keep_key(path, secrets.token_hex(32))
    return path.read_text(encoding="ascii")


def keep_key(path: Path, key: str) -> None:
    """Write a key to a file for its owner alone: the file holds the key of before or this one, whenever we die."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    private_files.file(unfinished).write_text(key, encoding="ascii")
    unfinished.replace(path)


def key_file(given: Mapping[str, str]) -> Path:
    """Where the data directory's own key stands, or would stand."""
    return data_folder(given) / _FILE
