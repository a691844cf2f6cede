"""Statements that were compiled for one store serve every later store of its kind, as in a service that runs for long.

Each test opens a store of its own, and SQLAlchemy keeps compiled statements by engine: a tenth of what all tests take
would go into compiling the same statements again.
"""

from functools import partial
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.util import LRUCache

from integration.store.db import engines

_MOST = 3_000


class SharedStatements:
    """What SQLAlchemy keeps compiled statements in; the kind of a dialect counts, and not which engine it is of."""

    def __init__(self) -> None:
        self._kept: LRUCache[Any, Any] = LRUCache(_MOST)

    def get(self, key: tuple[Any, ...]) -> Any:
        return self._kept.get((type(key[0]), *key[1:]))

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        self._kept[type(key[0]), *key[1:]] = compiled


def share() -> None:
    """Let every store that this process opens from now on use the same statements."""
    options = {"compiled_cache": SharedStatements()}
    engines.create_engine = partial(create_engine, execution_options=options)  # type: ignore[assignment] # takes more
