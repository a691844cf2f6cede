"""However many processes need the next token, one of them asks for it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flows_signin
import flows_signin_crowd
import pytest
from flows_run import Watch
from flows_senders import Program, programs

from integration.store.db.session import Store
from mappings.values.instant import HOUR
from sandbox.server import Sandbox
from sandbox.shared.requested_faults import Fault

COUNT = 20
Crowd = Callable[..., list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def crowd(tmp_path: Path, store_url: str) -> Iterator[Crowd]:
    with programs(tmp_path) as start:

        def run(name: str, at: Watch) -> list[dict[str, Any]]:
            folder = tmp_path / "crowd"
            folder.mkdir()
            wish = {"count": COUNT, "store": store_url, "name": name, "at": at(), "folder": str(folder)}
            program: Program = start([flows_signin_crowd.__file__, json.dumps(wish)])
            assert program.wait(120) == 0, program.text()
            outcomes = [json.loads(path.read_text()) for path in folder.glob("outcome-*.json")]
            assert len({each["pid"] for each in outcomes}) == COUNT, program.text()
            return outcomes

        yield run


def test_twenty_processes_with_an_expired_token_ask_for_one(
    store: Store, sandbox: Sandbox, at: Watch, crowd: Crowd
) -> None:
    flows_signin.sign_in(store, sandbox, "hubspot", at())
    at.forward(HOUR)
    # The renewal takes a while, so that all the others come meanwhile.
    sandbox.faults.add(Fault(kind="hang", system="hubspot", path="/oauth/2026-09/token", seconds=0.5))
    outcomes = crowd("hubspot", at)
    assert {(each["said"], each["version"]) for each in outcomes} == {("described", 2)}
    assert flows_signin.token_calls(sandbox, "hubspot") == 1
    assert sandbox.hubspot.log.statuses() == {200: COUNT + 1}, "nobody came with the expired token"


def test_twenty_processes_whose_token_is_refused_ask_for_one(
    store: Store, sandbox: Sandbox, at: Watch, crowd: Crowd
) -> None:
    flows_signin.sign_in(store, sandbox, "salesforce", at())
    sandbox.salesforce.gate.issuer.expire()
    sandbox.faults.add(Fault(kind="hang", system="salesforce", path="/services/oauth2/token", seconds=0.5))
    outcomes = crowd("salesforce", at)
    assert {(each["said"], each["version"]) for each in outcomes} == {("described", 2)}
    assert flows_signin.token_calls(sandbox, "salesforce") == 1
    assert sandbox.salesforce.log.statuses()[401] <= COUNT


def test_twenty_processes_whom_the_crm_has_signed_out_ask_once(
    store: Store, sandbox: Sandbox, at: Watch, crowd: Crowd
) -> None:
    flows_signin.sign_in(store, sandbox, "salesforce", at())
    sandbox.salesforce.gate.issuer.revoke()
    outcomes = crowd("salesforce", at)
    assert all("expired access/refresh token" in each["said"] for each in outcomes), outcomes
    assert flows_signin.token_calls(sandbox, "salesforce") == 1
    assert flows_signin.stored(store, "salesforce").state == "refused"
