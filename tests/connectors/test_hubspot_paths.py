"""HubSpot is asked at dated paths alone: the numbered versions end in 2027, and the version stands in one place."""

import re
from pathlib import Path

import pytest
import requests
from connector_ground import TOKEN
from places import ROOT

from connectors.hubspot import paths
from sandbox.server import Sandbox

NUMBERED = re.compile(r"/v[1-4](?=[/\"'`?{<\s]|$)")
"""A path's part `v1` to `v4`; the signature's header `X-HubSpot-Signature-v3` is none."""
ROOMS = ("connectors", "integration", "mappings", "playbooks", "sandbox", "webhooks")


WITHOUT_A_DATED_ONE = (paths.CALL_OUTCOMES,)
"""What HubSpot lists at no dated path that is out of its beta (decision 31)."""


def code() -> list[Path]:
    found = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    assert len(found) > 100
    return found


def test_no_numbered_path_of_hubspots_stands_in_the_code() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in code()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if NUMBERED.search(line) and not any(f'"{known}"' in line for known in WITHOUT_A_DATED_ONE)
    }
    assert found == set()


@pytest.mark.parametrize("line", ['"/crm/v3/objects"', "/oauth/v1/token", "f'/webhooks/v3/{app}'", "GET /crm/v4"])
def test_a_numbered_path_would_be_found(line: str) -> None:
    assert NUMBERED.search(line)


def test_the_version_that_is_asked_stands_in_one_place() -> None:
    holders = {
        path.relative_to(ROOT).as_posix()
        for path in code()
        if not path.is_relative_to(ROOT / "sandbox") and re.search(r"[\"'/]2026-09[\"'/]", path.read_text("utf-8"))
    }
    assert holders == {"connectors/hubspot/paths.py"}
    assert {line for line in vars(paths).values() if isinstance(line, str) and line.startswith("/")} >= {paths.OWNERS}


@pytest.mark.parametrize(
    ("method", "numbered"),
    [
        ("GET", "/crm/v3/objects/contacts"),
        ("POST", "/crm/v3/objects/contacts/batch/read"),
        ("POST", "/crm/v4/associations/deals/contacts/batch/read"),
        ("GET", "/crm/v3/properties/contacts"),
        ("GET", "/crm/v3/owners"),
        ("GET", "/account-info/v3/details"),
        ("POST", "/communication-preferences/v4/statuses/batch/unsubscribe-all"),
        ("POST", "/oauth/v1/token"),
        ("GET", "/webhooks/v3/7/subscriptions"),
    ],
)
def test_the_sandbox_has_no_numbered_path_as_hubspot_will_have_none(
    box: Sandbox, misshapen: list[str], method: str, numbered: str
) -> None:
    answer = requests.request(
        method, f"{box.url}/hubspot{numbered}", json={}, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
    )
    assert answer.status_code == 404
    assert "publishes no such call" in misshapen.pop()


def test_names_in_paths_are_escaped() -> None:
    assert paths.properties("contacts", "a/../b?c") == "/crm/properties/2026-09/contacts/a%2F..%2Fb%3Fc"
