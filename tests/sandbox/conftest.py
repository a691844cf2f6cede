from collections.abc import Iterator

import hubspot
import pytest
import requests
from sandbox_calls import INSTANCE, START, Api, Detour, Watch, dated_client
from simple_salesforce.api import Salesforce

from sandbox.server import Sandbox


@pytest.fixture(scope="session")
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="session")
def started(watch: Watch) -> Iterator[Sandbox]:
    with Sandbox(now=watch, seed=3, retry_pause=0.01) as box:
        yield box


@pytest.fixture
def box(started: Sandbox, watch: Watch) -> Iterator[Sandbox]:
    watch.at = START
    started.reset()
    yield started
    started.send_webhooks("")


@pytest.fixture
def api(box: Sandbox) -> Iterator[Api]:
    with Api(box.url) as session:
        yield session


@pytest.fixture
def client(box: Sandbox) -> hubspot.Client:
    return dated_client(box.url + "/hubspot")


@pytest.fixture
def sales(box: Sandbox) -> Iterator[Salesforce]:
    with requests.Session() as session:
        session.mount(INSTANCE, Detour(box.url + "/salesforce"))
        yield Salesforce(instance_url=INSTANCE, session_id="token", version="66.0", session=session)
