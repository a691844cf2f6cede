"""Texts of ours, edited as an administrator edits a copy."""

from pathlib import Path


def edited_text(source: str, *changes: tuple[str, str]) -> str:
    """The text with these pieces in the place of others, each of which has to be there."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


def edited_file(folder: Path, source: str, *changes: tuple[str, str]) -> str:
    """A file `ours.yaml` with the edited text; its path."""
    path = folder / "ours.yaml"
    path.write_text(edited_text(source, *changes))
    return str(path)
