"""Long works of the console beside others that write: no progress is worth a failure, and every outcome is stored."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from integration.store.db.errors import StoreBusyError
from integration.store.db.session import Store
from integration.web.console.shell.busy_store import store_outcome, store_progress


class Busy(Store):
    """Another process is writing the first `times` times."""

    times = 0

    @contextmanager
    def write(self, *, urgent: bool = False, durable: bool = True) -> Iterator[Connection]:
        self.times -= 1
        if self.times >= 0:
            msg = "another process has been writing for 2 s"
            raise StoreBusyError(msg)
        with super().write(urgent=urgent, durable=durable) as conn:
            yield conn


def test_progress_waits_for_nobody_and_an_outcome_is_stored_once_others_are_through(store: Store) -> None:
    busy, written = Busy(store.url), list[str]()
    busy.times = 3
    store_progress(busy, lambda _: written.append("progress"))
    assert written == []
    store_outcome(busy, lambda _: written.append("outcome"))
    store_progress(busy, lambda _: written.append("progress"))
    assert written == ["outcome", "progress"]
    busy.times = 1_000
    with pytest.raises(StoreBusyError):
        store_outcome(busy, lambda _: written.append("never"))
    assert written == ["outcome", "progress"]
    busy.dispose()
