"""A store that was restored does not know what was sent after its backup: each task is looked for before it is made."""

from collections.abc import Callable, Sequence

import pytest
from flows_crms import tasks
from flows_outward import SYSTEMS, known, looking
from flows_run import Watch
from sqlalchemy import text

from connectors.base.port import Receipt, TaskWrite, Write
from integration.store.progress import restored_store
from integration.wiring.whole_service import Service
from mappings.values.instant import MINUTE
from sandbox.server import Sandbox

FORGET = text(
    "UPDATE outbox SET state = 'new', attempted = false, attempts = 0, external_id = NULL WHERE kind = 'task'"
)


@SYSTEMS
def test_a_task_is_looked_for_in_its_crm_before_it_is_made(  # noqa: PLR0917 - fixtures
    service: Service,
    sandbox: Sandbox,
    at: Watch,
    drain_all: Callable[[Service], int],
    monkeypatch: pytest.MonkeyPatch,
    system: str,
) -> None:
    known(service, sandbox, at, looking(service, at), system)
    connector = service.connections[system].connector
    sent: list[TaskWrite] = []
    deliver = connector.apply

    def write(writes: Sequence[Write]) -> list[Receipt]:
        sent.extend(each for each in writes if isinstance(each, TaskWrite))
        return list(deliver(writes))

    monkeypatch.setattr(connector, "apply", write)
    with service.store.write() as conn:
        conn.execute(FORGET)
        restored_store.mark(conn, at())
    for _ in range(3):
        at.forward(MINUTE)
        drain_all(service)
    assert [each.attempted for each in sent] == [True]
    assert sum(tasks(sandbox, system).values()) == 1
