"""The order of the tests: the longest files begin first, so that no worker is left with one at the end.

`--dist worksteal` gives each worker a stretch of the list, and takes from the end of a stretch for whoever is idle.
"""

import gc
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1]
LONGEST = (
    "flows/whole/test_flow_canaries.py",
    "attack/test_attack_command.py",
    "flows/reading/test_flow_sync.py",
    "attack/test_attack_machine.py",
    "attack/test_attack_redis.py",
    "signin/test_signin_canaries.py",
    "flows/intake/test_faults_order.py",
    "attack/test_attack_requests.py",
    "flows/faults/test_faults_workers.py",
)
"""Files with tests that take more than ten seconds, most of them waiting for processes; the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; within a file and among the others the order stays as it was."""
    places = {FOLDER / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    """Leave what was collected out of every look for garbage from now on: it lives until the end."""
    gc.collect()
    gc.freeze()
