"""What the service needs is locked, billed and audited; an audit that saw nothing never passes for a clean one."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import supply_audit
import supply_bill
from click.testing import CliRunner
from places import ROOT
from supply_audit import KNOWN, NOT_LOOKED_AT, Found, read

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==([^ ;\\]+)", re.MULTILINE)
_PACKAGES = ("integration", "connectors", "mappings", "webhooks", "sandbox")
_CLEAN = {"name": "flask", "version": "3.1", "vulns": []}
_BAD = {"name": "flask", "version": "3.0", "vulns": [{"id": "X-1", "fix_versions": ["3.1"]}]}
_SKIPPED = {"name": "flask", "skip_reason": "not found"}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_bill_of_materials_names_each_locked_distribution_with_its_version_and_hashes(tmp_path: Path) -> None:
    locked = {(plain(name), version) for name, version in _PIN.findall(supply_bill.LOCK.read_text(encoding="utf-8"))}
    assert len(locked) > 40
    supply_bill.write(tmp_path / "bill.json")
    bill = json.loads((tmp_path / "bill.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "coldframe")
    assert {(plain(each["name"]), each["version"]) for each in bill["components"]} == locked
    assert all(each["externalReferences"][0]["hashes"] for each in bill["components"])


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([_CLEAN], 0),
        ([_CLEAN, _BAD], KNOWN),
        ([_SKIPPED, _BAD], KNOWN),
        ([_CLEAN, _SKIPPED], NOT_LOOKED_AT),
        ([_SKIPPED], NOT_LOOKED_AT),
        ([], NOT_LOOKED_AT),
    ],
)
def test_an_audit_is_clean_only_where_everything_was_looked_up(rows: list[dict[str, Any]], status: int) -> None:
    assert read("pypi", json.dumps({"dependencies": rows}), "").status == status


@pytest.mark.parametrize("output", ["", "no JSON", "{}", "[]"])
def test_a_service_that_says_nothing_has_not_been_reached(output: str) -> None:
    found = read("osv", output, "a traceback\nConnectionError: no route")
    assert (found.reached, found.status, found.said) == (False, NOT_LOOKED_AT, "ConnectionError: no route")


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_where_no_service_is_reached_the_audit_says_so_and_ends_with_a_status_of_its_own(
    monkeypatch: pytest.MonkeyPatch, option: list[str]
) -> None:
    tried: list[str] = []

    def asked(service: str, _lock: Path) -> Found:
        tried.append(service)
        return Found(service=service, reached=False, said="no route")

    monkeypatch.setattr(supply_audit, "asked", asked)
    ended = CliRunner().invoke(supply_audit.main, option)
    assert (ended.exit_code, tried) == (3, ["pypi", "osv"])
    assert "no route" in ended.output
    if option:
        assert json.loads(ended.output)["status"] == 3
    else:
        assert ended.output.startswith("NOT AUDITED")


def test_what_is_known_is_said_and_nobody_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = read("pypi", json.dumps({"dependencies": [_BAD]}), "")
    monkeypatch.setattr(supply_audit, "asked", lambda _service, _lock: bad)
    ended = CliRunner().invoke(supply_audit.main, [])
    assert ended.exit_code == 1
    assert ended.output.splitlines()[1:] == ["flask 3.0: X-1, mended in 3.1"]


def test_the_tools_are_pinned_with_hashes_and_are_not_among_what_the_service_needs() -> None:
    text = (ROOT / "tests" / "supply" / "supply.txt").read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if "==" in line]
    assert {"pip-audit", "cyclonedx-bom"} <= {line.partition("==")[0] for line in pins}
    assert all(line.endswith("\\") for line in pins), "each pin goes on with its hashes"
    assert "://" not in text
    assert "pip-audit" not in (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")


def test_each_exemption_of_bandit_has_its_reason_on_its_line() -> None:
    lines = [
        line
        for package in _PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "nosec" in line
    ]
    assert lines
    assert [line for line in lines if not re.search(r"noqa: S\d+ +(?:--?|#) ?\S.+ # nosec B\d{3}$", line)] == []
