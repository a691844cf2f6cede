from dataclasses import replace
from pathlib import Path

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select
from valkeys import valkey_server

from integration.flows.upkeep.warm_up import warm
from integration.processes.jobs import sweep
from integration.processes.worker import _Clock
from integration.store.db.session import Store
from integration.store.schema.tables import metadata
from integration.wiring.whole_service import Service


def test_nothing_of_warming_stays(service: Service) -> None:
    before = _rows(service)
    warm(service)
    assert _rows(service) == before


def _rows(service: Service) -> dict[str, int]:
    with service.store.read() as conn:
        return {table.name: conn.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES}


def test_a_worker_starts_without_its_tables(service: Service, tmp_path: Path) -> None:
    warm(replace(service, store=Store.open(f"sqlite:///{tmp_path / 'empty.db'}")))


def test_what_the_clock_queues_can_be_read_by_our_workers(tmp_path: Path) -> None:
    with valkey_server(tmp_path) as server, Redis(port=server.port) as redis:
        clock = _Clock(connection=redis, logging_level="WARNING")
        clock.register(sweep, queue_name="ingest", interval=10)
        clock.enqueue_jobs()
        queue = Queue("ingest", connection=redis, serializer=JSONSerializer)
        assert [job.func_name for job in queue.jobs] == ["integration.processes.jobs.sweep"]


TABLES = [table for table in metadata.sorted_tables if table.name != "audit"]
