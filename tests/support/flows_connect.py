"""`coldframe connect` and `coldframe keys` as tests run them: the key, and the store they leave."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from integration.store.db.session import Store

KEY = "0123456789abcdef" * 2

Run = Callable[..., Result]


def store(folder: Path) -> Store:
    return Store.open(f"sqlite:///{folder}/coldframe.db")
