from pathlib import Path

import pytest
from attack_server import migrated


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with an empty store in it."""
    return migrated(tmp_path)
