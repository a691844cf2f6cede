"""Loads the shipped vocabulary, and a company's own, which adds to it."""

from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

from mappings.vocabulary.files.parse_vocabulary import parse
from mappings.vocabulary.value import Vocabulary
from mappings.yaml_files.problems import Problem

SHIPPED = "mappings/vocabulary/shipped.yaml"


@cache
def shipped() -> Vocabulary:
    """The vocabulary that comes with Coldframe: the canonical words, the usual addresses, and the known machines."""
    made, problems = parse(shipped_text(), SHIPPED)
    if made is None:
        msg = "\n".join(map(str, problems))
        raise ValueError(msg)
    return made


def shipped_text() -> str:
    """Its text, to read and to copy from."""
    return resources.files("mappings.vocabulary").joinpath("shipped.yaml").read_text(encoding="utf-8")


def opened(path: str) -> tuple[Vocabulary | None, tuple[Problem, ...]]:
    """A company's own file on top of what is shipped; None with every mistake in it otherwise."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        return None, (Problem(path, 1, 1, f"cannot be read: {reason}"),)
    made, problems = parse(text, path, shipped())
    return (None if made is None else replace(made, text=text)), problems


def in_use(path: str | None) -> tuple[Vocabulary | None, tuple[Problem, ...]]:
    """The file that a setting names, else what is shipped."""
    return opened(path) if path else (shipped(), ())
