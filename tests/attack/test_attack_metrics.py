"""Whoever asks for figures, however many and however often, keeps no webhook waiting."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert
from web_process import Web, migrated, timed

from integration.store.db.session import Store
from integration.store.overall import figure_snapshots, store_figures
from integration.store.schema.tables import leads, outbox
from integration.wiring import clock

MANY = 100_000


@contextmanager
def opened(data: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{data / 'coldframe.db'}")
    yield store
    store.dispose()


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with many rows to count."""
    data = migrated(tmp_path_factory.mktemp("crowded"))
    lead = {"fields": "{}", "stage": "mql", "created_at": 1, "updated_at": 1}
    task = {"connection": "hubspot", "kind": "task", "created_at": 1, "since": 1}
    with opened(data) as store, store.write() as conn:
        conn.execute(insert(leads), [lead | {"id": f"l{n}"} for n in range(MANY)])
        conn.execute(insert(outbox), [task | {"key": f"k{n}", "lead_id": f"l{n}"} for n in range(MANY)])
    return data


def test_what_is_counted_is_kept_as_it_was_counted(crowded: Path) -> None:
    with opened(crowded) as store:
        figure_snapshots.count(store, clock.now())
        with store.read() as conn:
            kept, counted = figure_snapshots.latest(conn), store_figures.counts(conn)
    assert kept is not None
    assert kept.counted_at is not None
    assert kept.outbox == counted.outbox == {("hubspot", "task", "new"): MANY}
    assert kept.leads_by_stage == counted.leads_by_stage == {"mql": MANY}


def test_scrapers_keep_no_webhook_waiting_whatever_there_is_to_count(crowded: Path) -> None:
    with opened(crowded) as store:
        figure_snapshots.count(store, clock.now())
    over = threading.Event()
    scraped: list[int] = []

    def scrape() -> None:
        while not over.is_set():
            scraped.append(web.ask("GET", "/metrics")[0])

    with Web(crowded) as web:
        scrapers = [threading.Thread(target=scrape) for _ in range(32)]
        for each in scrapers:
            each.start()
        time.sleep(1)
        answers = [timed(lambda number=number: web.post(number)) for number in range(5)]
        over.set()
        for each in scrapers:
            each.join()
        assert b'coldframe_leads{stage="mql"} 100000.0' in web.ask("GET", "/metrics")[1]
    assert [status for _, status in answers] == [202] * 5
    assert max(seconds for seconds, _ in answers) < 2
    assert set(scraped) <= {200, 503}
