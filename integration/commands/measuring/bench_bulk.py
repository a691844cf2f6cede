"""`coldframe bench-bulk`: everybody's scores from a store, beside one pass of DuckDB over the same activities."""

import json
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.progress_columns import COUNTED
from integration.commands.shared.quiet_log import quiet
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.rig.bulk import bulk_history, bulk_store
from integration.rig.bulk.bulk_floor import Floor
from integration.rig.bulk.bulk_scoring import BulkScoring
from integration.rig.stage.run_folder import run_folder
from integration.store.db.session import Store
from integration.wiring import build

_PLAYBOOK = "two-axis"
"""What the floor says by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Seconds on the wall and of processors, of both; None where DuckDB is not installed."""

    activities: int
    leads: int
    processes: int
    seconds: float
    processor_seconds: float
    floor_seconds: float | None = None
    floor_processor_seconds: float | None = None
    different: int | None = None
    """Leads whose scores differ between the two."""

    @property
    def ratio(self) -> float | None:
        """Processor seconds to the floor's."""
        return self.processor_seconds / self.floor_processor_seconds if self.floor_processor_seconds else None


@click.command("bench-bulk")
@click.option("--activities", default=200_000, type=click.IntRange(1_000), show_default=True)
@click.option("--leads", type=click.IntRange(10), help="[default: one for each 100 activities]")
@click.option(
    "--processes", default=2, type=click.IntRange(1), show_default=True, help="That score, and DuckDB's threads."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.option("--keep", is_flag=True, help="Keep the folder with the store.")
def bench_bulk(*, activities: int, leads: int | None, processes: int, as_json: bool, keep: bool) -> None:
    r"""Score everybody from a store with so many activities, and compare with one pass of DuckDB over the same.

    The store is SQLite. DuckDB computes the same scores by the rules of `two-axis`, written by hand in SQL; exit status
    1 where one lead's differ. Without the package duckdb, only our own time is measured. Memory does not grow with the
    activities, but for DuckDB's.

    \b
    Example:
      coldframe bench-bulk
      coldframe bench-bulk --activities 10000000
    """
    quiet()
    people = leads or max(activities // 100, 10)
    with run_folder("bench-bulk", keep=keep) as folder:
        figures = _measured(folder, people, activities, processes)
    if as_json:
        click.echo(json.dumps({**asdict(figures), "ratio": figures.ratio}, indent=2))
    else:
        _show(figures)
    if figures.different:
        raise SystemExit(1)


def _measured(folder: Path, people: int, activities: int, processes: int) -> Figures:
    url, file, at = f"sqlite:///{folder / 'store.db'}", folder / "past", bulk_history.end(people, activities)
    store = Store.open(url)
    store.migrate()
    with Progress(*COUNTED, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("filling the store", total=activities)
        bulk_store.fill(store, file, people, activities, lambda done: progress.update(bar, completed=done))
    store.dispose()
    compiled = CompiledPlaybook.of(build.playbook(_PLAYBOOK))
    run = BulkScoring(url=url, folder=folder, compiled=compiled, leads=people, at=at, processes=processes)
    seconds, used = run.run(lambda _: None)
    try:
        floor = Floor(file, at, processes)
    except ImportError:
        return Figures(
            activities=activities, leads=people, processes=processes, seconds=seconds, processor_seconds=used
        )
    floor_seconds, floor_used = floor.run()
    return Figures(
        activities=activities,
        leads=people,
        processes=processes,
        seconds=seconds,
        processor_seconds=used,
        floor_seconds=floor_seconds,
        floor_processor_seconds=floor_used,
        different=sum(ours != theirs for ours, theirs in zip_longest(run.scores(), floor.scores())),
    )


def _show(figures: Figures) -> None:
    table = fitted("", "seconds", "processor s", "µs an activity", whole=["seconds"])
    ours = f"scores of {figures.leads:,} leads, {figures.processes} processes, from SQLite"
    rows = [(ours, figures.seconds, figures.processor_seconds)]
    if figures.floor_seconds is not None and figures.floor_processor_seconds is not None:
        rows.append(("one pass of DuckDB over its own columns", figures.floor_seconds, figures.floor_processor_seconds))
    for what, seconds, used in rows:
        table.add_row(what, f"{seconds:.1f}", f"{used:.1f}", f"{used / figures.activities * 1e6:.2f}")
    Console().print(table)
    if figures.ratio is None:
        click.echo("DuckDB is not installed: pip install duckdb shows what one pass of it takes.")
    else:
        click.echo(f"{figures.ratio:.1f} times the floor's processor seconds; {figures.different} scores differ.")
