"""One sandbox for all contract tests of a process, emptied before each."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sign_in_ground import SYSTEMS, client

from connectors.base.credentials import Credential
from connectors.base.sign_in_port import SignIn
from connectors.hubspot.connector import HubSpotConnector
from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.setup.oauth import SalesforceSignIn
from integration.wiring import build
from sandbox.server import Sandbox

pytest.register_assert_rewrite(
    "connector_ground",
    "connector_reading",
    "connector_changes",
    "connector_creating",
    "connector_everything",
    "connector_writing",
    "connector_outages",
    "connector_verdicts",
    "connector_tasks",
    "connector_examining",
    "provision_ground",
)


@pytest.fixture(scope="session")
def started() -> Iterator[Sandbox]:
    with Sandbox(seed=7) as box:
        yield box


@pytest.fixture
def box(started: Sandbox) -> Sandbox:
    started.reset()
    return started


@pytest.fixture(scope="session")
def started_bare() -> Iterator[Sandbox]:
    with Sandbox(seed=7, coldframe_fields=False) as box:
        yield box


@pytest.fixture
def bare(started_bare: Sandbox) -> Sandbox:
    """Both CRMs before Coldframe: none of its fields."""
    started_bare.reset()
    return started_bare


@pytest.fixture
def crms(box: Sandbox) -> Iterator[dict[str, Any]]:
    instance = "https://sandbox.my.salesforce.example"
    hubspot = HubSpotConnector(Credential(token="t", api_url=f"{box.url}/hubspot"))
    salesforce = SalesforceConnector(Credential(token="t", api_url=f"{box.url}/salesforce", instance_url=instance))
    with closing(hubspot), closing(salesforce):
        yield {"hubspot": hubspot, "salesforce": salesforce}


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def door(box: Sandbox, system: str) -> Iterator[SignIn]:
    with closing(build.token_endpoint(system, client(box, system))) as opened:
        yield opened


@pytest.fixture
def sales(box: Sandbox) -> Iterator[SalesforceSignIn]:
    with closing(SalesforceSignIn(client(box, "salesforce"))) as opened:
        yield opened
