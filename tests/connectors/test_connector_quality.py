"""Each connector answers every rule: done, with the test or place that shows it, or exempt, with the reason."""

import re
from typing import Any

import pytest
from places import ROOT

from mappings.yaml_files.located_yaml import load

CONNECTORS = sorted(path.parent.name for path in (ROOT / "connectors").glob("*/connector.py"))


def rules(connector: str) -> dict[str, Any]:
    located, problems = load((ROOT / "connectors" / connector / "quality.yaml").read_text(encoding="utf-8"), connector)
    assert problems == ()
    assert located is not None
    found: dict[str, Any] = located.value["rules"]
    return found


def test_all_connectors_answer_the_same_rules() -> None:
    assert len(CONNECTORS) >= 2
    assert len({tuple(rules(connector)) for connector in CONNECTORS}) == 1


@pytest.mark.parametrize("connector", CONNECTORS)
def test_what_is_done_is_shown_by_a_test_or_file_that_exists(connector: str) -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    for rule, answer in rules(connector).items():
        assert answer["status"] in {"done", "exempt"}, rule
        if answer["status"] == "exempt":
            assert answer["reason"], rule
            continue
        shown = answer["shown"].split(";")[0]
        if re.fullmatch(r"[a-z_]+", shown):
            assert f"def test_{shown}(" in tests, (rule, shown)
        elif "/" in shown:
            assert (ROOT / shown).exists(), (rule, shown)


@pytest.mark.parametrize("connector", CONNECTORS)
def test_every_connector_has_the_same_files(connector: str) -> None:
    names = {path.name for path in (ROOT / "connectors" / connector).iterdir()}
    assert {"connector.py", "queries.py", "batches.py", "faults.py", "session.py", "quality.yaml"} <= names
