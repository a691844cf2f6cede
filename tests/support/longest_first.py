"""The order of the tests: the longest files begin first, so that no worker is left with one at the end.

`--dist worksteal` gives each worker an equal stretch of the list, and takes from its end for whoever is idle.
"""

import gc
import os
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1]
LONGEST = (
    "flows/whole/test_flow_canaries.py",
    "flows/whole/test_flow_scenarios.py",
    "attack/test_attack_command.py",
    "connectors/test_connector_doubles.py",
    "sabotage/test_sabotage.py",
    "flows/reading/test_flow_sync.py",
    "attack/test_attack_machine.py",
    "attack/test_attack_redis.py",
    "signin/test_signin_canaries.py",
    "flows/intake/test_faults_order.py",
    "attack/test_attack_requests.py",
    "flows/faults/test_faults_workers.py",
    "wiring/test_installed_packages.py",
)
"""Files with tests that take more than ten seconds, most of them waiting for processes; the longest first. The last
one takes half of that, and would be the very last to begin."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin each worker's stretch with long files; among the others the order stays as it was."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))  # noqa: TID251 - said by pytest-xdist
    items[:] = in_stretches(items, workers)


def in_stretches(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """The items, so that each of as many equal stretches begins with its share of the longest files."""
    places = {FOLDER / name: place for place, name in enumerate(LONGEST)}
    long = sorted((item for item in items if item.path in places), key=lambda item: places[item.path])
    others = [item for item in items if item.path not in places]
    found: list[pytest.Item] = []
    for worker in range(workers):
        first = [item for item in long if places[item.path] % workers == worker]
        room = max(0, (len(items) - len(found)) // (workers - worker) - len(first))
        found += [*first, *others[:room]]
        others = others[room:]
    return found + others


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage meanwhile, and leave what was collected out of every later look: it lives until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
