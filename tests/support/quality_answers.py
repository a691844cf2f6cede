"""What each connector's quality.yaml answers, and whether the tests that it names have run and passed.

A plugin: at the end of a run of the whole suite it fails the run where a named test did not run, and lists those that
this machine could not run (skipped, with their reasons elsewhere in the summary).
"""

from collections.abc import Iterable
from typing import Any

import pytest
from places import ROOT

from mappings.yaml_files.located_yaml import load

CONNECTORS = sorted(path.parent.name for path in (ROOT / "connectors").glob("*/quality.yaml"))
_OUTCOMES: dict[str, set[str]] = {}
"""By test id without parameters, and by file: the outcomes of its runs."""


def rules(connector: str) -> dict[str, dict[str, Any]]:
    """The answers of one connector, by rule."""
    located, problems = load((ROOT / "connectors" / connector / "quality.yaml").read_text(encoding="utf-8"), connector)
    assert problems == ()
    assert located is not None
    found: dict[str, dict[str, Any]] = located.value["rules"]
    return found


def shown() -> list[str]:
    """The test ids and files that the connectors name."""
    answers = [answer for connector in CONNECTORS for answer in rules(connector).values()]
    return sorted({answer["shown"] for answer in answers if answer["status"] == "done"})


def unshown(named: Iterable[str], outcomes: dict[str, set[str]]) -> tuple[list[str], list[str]]:
    """The named tests that neither passed nor were skipped, and those that were only skipped."""
    missing = [test for test in named if not outcomes.get(test, set()) & {"passed", "skipped"}]
    skipped = [test for test in named if outcomes.get(test) == {"skipped"}]
    return missing, skipped


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what became of a test: of its call, or of the set-up that skipped it."""
    if report.when == "call" or report.skipped:
        test = report.nodeid.partition("[")[0]
        for name in (test, test.partition("::")[0]):
            _OUTCOMES.setdefault(name, set()).add(report.outcome)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run of everything in which a test that quality.yaml names did not run."""
    whole = session.config.args == [str(ROOT / "tests")] or session.config.args == ["tests"]
    options = ("keyword", "markexpr", "collectonly")
    narrowed = any(session.config.getoption(each) for each in options)
    if hasattr(session.config, "workerinput") or not whole or narrowed or exitstatus not in {0, 1}:
        return
    missing, skipped = unshown(shown(), _OUTCOMES)
    out = session.config.pluginmanager.get_plugin("terminalreporter")
    for what, tests in (("which did not run", missing), ("which this machine skipped", skipped)):
        for test in tests:
            out.write_line(f"quality.yaml names {test}, {what}")
    if missing:
        session.exitstatus = 1
