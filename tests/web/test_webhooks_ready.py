"""Ready is who can store what comes: a disk that is full or nearly so is said, and asking does not fill it."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import func, select

from integration.store.db.session import Store
from integration.store.schema.tables import figures
from integration.web.readiness import Room


class Usage(NamedTuple):
    total: int
    used: int
    free: int


class Seconds:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def written(store: Store) -> int:
    with store.read() as conn:
        return conn.execute(select(func.coalesce(func.max(figures.c.counted_at), 0))).scalar_one()


def test_a_disk_that_is_nearly_full_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**12, 10**12 - 10**6, 10**6))
    (problem,) = Room(store, lambda: 1, Seconds()).problems()
    assert problem.startswith("The disk is nearly full: 1 MB are left")


def test_however_often_it_is_asked_it_writes_every_two_seconds_and_takes_no_more_room(
    store: Store, tmp_path: Path
) -> None:
    now, seconds = iter(range(1, 100)), Seconds()
    room = Room(store, lambda: next(now), seconds)
    assert [room.problems() for _ in range(20)] == [[]] * 20
    assert written(store) == 1
    sizes = set()
    for _ in range(10):
        seconds.at += 3
        assert room.problems() == []
        with store.read() as conn:
            sizes.add(conn.exec_driver_sql("PRAGMA page_count").scalar_one())
    assert written(store) == 11
    assert len(sizes) == 1
    assert (tmp_path / "coldframe.db").exists()


def test_a_store_that_is_gone_is_said(tmp_path: Path) -> None:
    lost = Store.open(f"sqlite:///{tmp_path / 'lost.db'}")
    (tmp_path / "lost.db").mkdir()
    (problem,) = Room(lost, lambda: 1, Seconds()).problems()
    assert "takes nothing that is written" in problem
    lost.dispose()
