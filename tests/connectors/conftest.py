"""One sandbox for all contract tests of a process, emptied before each."""

from collections.abc import Iterator

import pytest

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
