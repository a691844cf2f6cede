"""One sandbox for all contract tests of a process, emptied before each."""

from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox

pytest.register_assert_rewrite(
    "connector_ground",
    "connector_reading",
    "connector_writing",
    "connector_outages",
    "connector_tasks",
    "connector_examining",
)


@pytest.fixture(scope="session")
def started() -> Iterator[Sandbox]:
    with Sandbox(seed=7) as box:
        yield box


@pytest.fixture
def box(started: Sandbox) -> Sandbox:
    started.reset()
    return started
