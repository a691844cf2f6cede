from pathlib import Path

import pytest
from web_process import migrated


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with an empty store in it."""
    return migrated(tmp_path)
