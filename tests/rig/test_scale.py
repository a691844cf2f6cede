"""What a step costs for a lead is measured in stores of growing size, whose leads were lived through and copied."""

from pathlib import Path

import pytest

from integration.rig.bulk.scale_run import Cost, Scale, measured
from integration.store.db.session import Store
from integration.store.overall import store_figures
from integration.store.schema.tables import leads


def scale(**costs: float) -> Scale:
    """Of two sizes: what each step costs in the larger one, 100 in the smaller."""
    found = Scale(database="sqlite", activities=10)
    found.costs[100] = {name: Cost(wall=0.0, processor=100.0) for name in costs}
    found.costs[1_000] = {name: Cost(wall=9e9, processor=cost) for name, cost in costs.items()}
    return found


def test_a_step_that_costs_more_than_half_as_much_again_in_a_larger_store_is_named() -> None:
    assert scale(ingest=150.0, advance=151.0).over == {"advance": pytest.approx(1.51)}


def test_every_step_is_measured_in_each_size_and_leaves_nothing_undone(empty_store: Path, tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(empty_store.read_bytes())
    found = measured(f"sqlite:///{file}", [20, 40], acts=2, people=10, rounds=1, at_once=4, tell=lambda *_: None)
    assert set(found.costs) == {20, 40}
    assert all(set(each) == set(found.costs[20]) for each in found.costs.values())
    assert all(cost.wall > 0 for each in found.costs.values() for cost in each.values())
    store = Store.open(f"sqlite:///{file}")
    with store.read() as conn:
        counts, decided = (
            store_figures.counts(conn),
            conn.execute(leads.select().where(leads.c.state.is_not(None))).all(),
        )
    store.dispose()
    assert counts.dirty == counts.inbox["new"] == 0
    assert len({row.id for row in decided}) >= 40
    assert {row.version for row in decided} == {3}, "each size published once"
