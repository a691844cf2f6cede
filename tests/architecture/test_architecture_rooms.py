"""Rooms have one purpose, few modules and short ones; a name means one thing (decision 0019)."""

from collections.abc import Callable
from pathlib import Path

import house_rules
import pytest
from house_rules import full, long, long_tests, loose, same_names, unnamed
from places import ROOT

RULES = [loose, full, long, long_tests, unnamed, same_names]


@pytest.mark.parametrize("rule", RULES)
def test_the_house_is_in_order(rule: Callable[[Path], list[str]]) -> None:
    assert rule(ROOT) == []


def test_every_name_that_two_rooms_may_share_is_shared() -> None:
    """What is not needed any more goes from the list."""
    for name in house_rules.SHARED_NAMES:
        assert len({file.parent for file in (ROOT / "connectors").rglob(name)}) > 1, name


def written(root: Path, name: str, text: str = '"""A module."""\n') -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house in order, with a vendor's part that two vendors have."""
    for vendor in ("hubspot", "salesforce"):
        written(tmp_path, f"connectors/{vendor}/queries.py")
        written(tmp_path, f"connectors/{vendor}/__init__.py", '"""What a vendor has, e.g. queries."""\n')
    written(tmp_path, "connectors/__init__.py", '"""Connectors."""\n')
    written(tmp_path, "integration/__init__.py", '"""The service."""\n')
    assert [rule(tmp_path) for rule in RULES] == [[]] * len(RULES)
    return tmp_path


@pytest.mark.parametrize(
    ("rule", "files"),
    [
        (loose, {f"integration/m{number}.py": "" for number in range(3)}),
        (full, {f"connectors/m{number}.py": "" for number in range(12)}),
        (long, {"connectors/long.py": "\n" * 301}),
        (long_tests, {"tests/core/test_long.py": "\n" * 321}),
        (unnamed, {"connectors/shared/batches.py": ""}),
        (unnamed, {"connectors/__init__.py": ""}),
        (unnamed, {"connectors/__init__.py": '"""One thing. And another."""\n'}),
        (unnamed, {"connectors/__init__.py": '"""One thing,\nin two lines."""\n'}),
        (unnamed, {"connectors/__init__.py": '"""one thing"""\n'}),
        (same_names, {"integration/flows/queries.py": ""}),
        (same_names, {"integration/flows/a.py": "", "mappings/a.py": ""}),
    ],
)
def test_disorder_is_found(house: Path, rule: Callable[[Path], list[str]], files: dict[str, str]) -> None:
    for name, text in files.items():
        written(house, name, text)
    assert len(rule(house)) == 1
