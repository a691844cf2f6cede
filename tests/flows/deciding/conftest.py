"""What several tests of this room go on from: an installation that has known people for five weeks."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from flows_playbook_changes import edited, live_five_weeks
from flows_run import Watch, with_parts

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.wiring.whole_service import Service
from mappings.values.instant import Instant
from sandbox.server import Sandbox


@dataclass
class Kept:
    """What was lived through once: the store, the CRM's records and the time, for every test to go on from."""

    store: sqlite3.Connection | None = None
    shelves: Mapping[str, Any] = field(default_factory=dict)
    now: Instant = 0


@pytest.fixture(scope="package")
def kept() -> Iterator[Kept]:
    found = Kept()
    yield found
    if found.store is not None:
        found.store.close()


@pytest.fixture
def living(service: Service, sandbox: Sandbox, at: Watch, kept: Kept) -> Service:
    """A service on `standard` that six people have known for five weeks: half of them busy, and with sales by now."""
    service = with_parts(service, compiled=CompiledPlaybook.of(edited()), linger=0)
    path, portal = str(service.store.url.database), sandbox.hubspot.portal
    if kept.store is None:
        live_five_weeks(service, sandbox, at)
        service.store.dispose()
        kept.store, kept.shelves, kept.now = sqlite3.connect(":memory:"), deepcopy(portal.shelves), at()
        with closing(sqlite3.connect(path)) as lived:
            lived.backup(kept.store)
        return service
    service.store.dispose()
    with closing(sqlite3.connect(path)) as again:
        kept.store.backup(again)
    portal.shelves, at.now = deepcopy(dict(kept.shelves)), kept.now
    return service
