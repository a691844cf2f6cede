"""Each connector answers every rule: done, with a test that exists and runs, or exempt, with the reason."""

import re

import pytest
from places import ROOT
from quality_answers import CONNECTORS, rules, unshown


def test_all_connectors_answer_the_same_rules() -> None:
    assert len(CONNECTORS) >= 2
    assert len({tuple(rules(connector)) for connector in CONNECTORS}) == 1


@pytest.mark.parametrize("connector", CONNECTORS)
def test_what_is_done_names_a_test_that_exists_and_what_is_not_says_why(connector: str) -> None:
    for rule, answer in rules(connector).items():
        if answer["status"] == "exempt":
            assert answer["reason"], rule
            continue
        assert answer["status"] == "done", rule
        file, _, name = answer["shown"].partition("::")
        assert (ROOT / file).is_file(), rule
        here = (ROOT / file).read_text(encoding="utf-8")
        *classes, function = name.split("::")
        assert all(re.search(rf"class {each}\b", here) for each in classes), rule
        inherited = "".join(path.read_text(encoding="utf-8") for path in (ROOT / file).parent.glob("*.py"))
        assert not name or re.search(rf"def {function}\(", inherited if classes else here), rule


def test_a_test_that_did_not_run_is_not_shown_and_one_that_was_skipped_is_named() -> None:
    outcomes = {"a.py::test_a": {"passed"}, "a.py": {"passed", "skipped"}, "b.py::test_b": {"skipped"}}
    assert unshown(["a.py::test_a", "a.py", "b.py::test_b", "c.py::test_c"], outcomes) == (
        ["c.py::test_c"],
        ["b.py::test_b"],
    )
    assert unshown(["d.py::test_d"], {"d.py::test_d": {"failed"}})[0] == ["d.py::test_d"]


@pytest.mark.parametrize("connector", CONNECTORS)
def test_every_connector_has_the_same_files(connector: str) -> None:
    names = {path.name for path in (ROOT / "connectors" / connector).iterdir()}
    assert {"connector.py", "queries.py", "batches.py", "faults.py", "api_session.py", "quality.yaml"} <= names
