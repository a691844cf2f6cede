"""Private words of earlier versions stay out of names and first docstring lines; docs/glossary.md lists them."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("integration", "connectors", "mappings", "webhooks", "sandbox")
RETIRED = {
    "bell": "wake-up",
    "door": "request handler, route or token endpoint",
    "fare": "result",
    "fold": "apply; the value is the context",
    "folded": "applied",
    "folding": "applying",
    "folds": "applies",
    "heard": "received, delivery",
    "hears": "receives",
    "held": "waiting, stored or kept",
    "hold": "wait, store or extend the lease",
    "holding": "waiting, storing",
    "house": "Coldframe, the service",
    "news": "new, live",
    "pen": "writer lock",
    "rest": "pause or wait; the others",
    "rested": "paused",
    "resting": "paused",
    "rests": "is paused",
    "spoke": "gave points, sent",
    "spoken": "sent",
    "told": "reported, sent, said",
    "wish": "request",
    "wishes": "requests",
}
"""Each retired word, and what to write instead."""
IN_TEXT = {**RETIRED, "letter": "sync error", "letters": "sync errors", "tells of": "names, describes"}
"""Retired where people read; the table and the command keep the name `letters` (docs/glossary.md)."""
FINE = re.compile(r"`[^`]*`|case-folded|\bREST\b|two-letter|letters and digits|\b[Oo]n hold\b|\(dead letters\)")
"""Code in a text, and terms of the field."""


DEFINED = re.compile(r"^[ \t]*(?:async def|def|class) (\w+)", re.MULTILINE)
FIRST_LINE = re.compile(r'(?:\A|:(?: *#.*)?\n)[ \t]*r?"""([^"\n]+)')
"""The first line of a docstring: at the beginning of a file, or after the colon of a class or function."""


@cache
def texts() -> list[tuple[Path, str]]:
    """Each module of the product, from the root of the repository, and its text."""
    files = [file for folder in PACKAGES for file in sorted((ROOT / folder).rglob("*.py"))]
    return [(file.relative_to(ROOT), file.read_text(encoding="utf-8")) for file in files]


def words(name: str) -> set[str]:
    return set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()))


def named() -> Iterator[tuple[str, str]]:
    """Each module, class and function of the product: its file, and its name."""
    for file, text in texts():
        if "migrations" in file.parts:
            continue  # a migration's name is stored in every database
        yield str(file), file.parent.name if file.stem == "__init__" else file.stem
        yield from ((str(file), name) for name in DEFINED.findall(text))


def first_lines() -> Iterator[tuple[str, str]]:
    for file, text in texts():
        yield from ((str(file), FINE.sub("", line)) for line in FIRST_LINE.findall(text))


def test_names_and_first_lines_are_found() -> None:
    assert len(list(named())) > 3_000
    assert len(list(first_lines())) > 3_000


def test_no_module_class_or_function_is_called_by_a_retired_word() -> None:
    found = {
        f"{place}: {name}: write {RETIRED[word]}" for place, name in named() for word in words(name) & RETIRED.keys()
    }
    assert found == set()


def test_no_first_docstring_line_has_a_retired_word() -> None:
    retired = re.compile(rf"\b({'|'.join(IN_TEXT)})\b", re.IGNORECASE)
    found = [(at, line, each) for at, line in first_lines() for each in retired.findall(line)]
    assert [f"{at}: {line}: write {IN_TEXT[each.lower()]}" for at, line, each in found] == []


def test_the_glossary_lists_every_retired_word() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert {word for word in IN_TEXT if f"*{word}*" not in page} == set()
