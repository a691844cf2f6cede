"""The order of the house, read from its files: how full rooms are, how long modules, what rooms say of themselves."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("integration", "connectors", "mappings", "webhooks", "sandbox")
FULL = 12
"""Files in a folder, its `__init__` among them."""
LONG = 300
LONG_TEST = 320
LOOSE = 3
MIGRATIONS = "integration/store/migrations"
"""Alembic's history: a file for each change of the schema; its folders are no packages (decision 0019)."""
VENDORS = re.compile(r"\b(hubspot|salesforce)\b")
SHARED_NAMES = {"vendor.py": "connectors/shared says what a vendor declares, connectors/<vendor> declares it"}
"""Names that two folders may have for parts of one meaning, and what that is."""


def folders(root: Path) -> Iterator[tuple[str, list[Path]]]:
    """Every folder of the product that holds Python, and its files."""
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            found[file.parent.relative_to(root).as_posix()].append(file)
    yield from found.items()


def loose(root: Path) -> list[str]:
    """More modules at the top of the service than its command line needs."""
    names = sorted(file.name for file in (root / "integration").glob("*.py"))
    return [f"integration: {', '.join(names)}"] if len(names) > LOOSE else []


def full(root: Path) -> list[str]:
    """Folders with more files than one can keep in mind."""
    return [f"{name}: {len(files)} files" for name, files in folders(root) if len(files) > FULL]


def long(root: Path) -> list[str]:
    """Modules that no longer are about one thing."""
    lengths = {file: lines(file) for _, files in folders(root) for file in files}
    return [f"{file.relative_to(root)}: {count} lines" for file, count in lengths.items() if count > LONG]


def long_tests(root: Path) -> list[str]:
    """Test modules about more than one subject."""
    lengths = {file: lines(file) for file in sorted((root / "tests").rglob("*.py"))}
    return [f"{file.relative_to(root)}: {count} lines" for file, count in lengths.items() if count > LONG_TEST]


def lines(file: Path) -> int:
    """How many lines a file has."""
    return file.read_text(encoding="utf-8").count("\n")


def unnamed(root: Path) -> list[str]:
    """Rooms whose purpose does not stand in one sentence, on one line, in their `__init__`; Alembic's are its own."""
    told = {name: purpose(root / name) for name, _ in folders(root) if not name.startswith(MIGRATIONS)}
    return [f"{name}: {text!r}" for name, text in told.items() if not _sentence(text)]


def purpose(folder: Path) -> str:
    """What a room says of itself."""
    file = folder / "__init__.py"
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "" if file.exists() else ""


def _sentence(text: str) -> bool:
    return bool(re.fullmatch(r"\S[^\n]*\.", text)) and not re.search(r"[.!?] +[A-Z`]", text)


def same_names(root: Path) -> list[str]:
    """Modules of one name in two rooms; the same part of two vendors is one meaning."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name, files in folders(root):
        for file in files:
            if file.name not in {"__init__.py", *SHARED_NAMES} and not name.startswith(MIGRATIONS):
                found[file.name].add(VENDORS.sub("<vendor>", name))
    return [f"{name}: {', '.join(sorted(rooms))}" for name, rooms in sorted(found.items()) if len(rooms) > 1]
