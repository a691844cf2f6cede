"""`coldframe bench-scale`: what each step of the work costs for a lead in stores of growing size."""

import json
import shutil
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.progress_columns import COUNTED
from integration.commands.shared.quiet_log import quiet
from integration.processes.local_stack import environment
from integration.rig.bulk.scale_run import MOST, Scale, measured
from integration.rig.stage import scratch_database
from integration.rig.stage.run_folder import run_folder

_BYTES_A_LEAD, _BYTES_AN_ACTIVITY = 16_000, 700
"""About what SQLite takes, with indexes and log."""


@click.command("bench-scale")
@click.option(
    "--leads",
    "sizes",
    multiple=True,
    default=(10_000, 100_000),
    type=click.IntRange(100),
    show_default=True,
    help="The sizes, smallest to largest; 1000000 needs time and disk.",
)
@click.option("--activities", default=50, type=click.IntRange(1, 1_000), show_default=True, help="Of each lead.")
@click.option(
    "--pattern",
    default=500,
    type=click.IntRange(50, 5_000),
    show_default=True,
    help="Leads that are lived, then copied.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.option("--keep", is_flag=True, help="Keep the store.")
def bench_scale(*, sizes: tuple[int, ...], activities: int, pattern: int, as_json: bool, keep: bool) -> None:
    r"""Measure what each step costs for a lead in a store of 10,000 leads, of 100,000, of a million.

    Some leads live through their past by the product's own flows; the database copies them with all that was decided
    about them. Then each step is measured on a bounded number of leads: reading what arrives, deciding, delivering to a
    CRM that takes everything, scoring, deriving under new rules, pages of the console, and what is counted over
    everybody. Exit status 1 where a step costs more than 1.5 times as much for a lead as in the smallest store. A
    PostgreSQL server named by DATABASE_URL is used: in a database of its own, dropped at the end.

    \b
    Example:
      coldframe bench-scale
      coldframe bench-scale --leads 10000 --leads 1000000 --activities 10
    """
    quiet()
    sizes = tuple(sorted({max(each, pattern) for each in sizes}))
    try:
        with (
            run_folder("bench-scale", keep=keep) as folder,
            scratch_database.database(environment(), keep=keep) as database,
        ):
            url = database.get("DATABASE_URL") or _room_for(folder, sizes[-1], activities)
            with Progress(*COUNTED, console=Console(stderr=True), transient=True) as progress:
                bar = progress.add_task("", total=None)
                found = measured(
                    url,
                    sizes,
                    acts=activities,
                    people=pattern,
                    tell=lambda what, done, total: progress.update(bar, description=what, completed=done, total=total),
                )
    except scratch_database.NoDatabaseError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
    else:
        _show(found)
    if found.over:
        raise SystemExit(1)


def _room_for(folder: Path, leads: int, activities: int) -> str:
    """The address of a store in the folder. Raises ClickException where the disk has no room for it."""
    wanted, free = leads * (_BYTES_A_LEAD + activities * _BYTES_AN_ACTIVITY), shutil.disk_usage(folder).free
    if free < wanted:
        msg = f"the store will measure about {wanted / 1e9:.0f} GB, and {folder} has {free / 1e9:.0f} GB: set TMPDIR"
        raise click.ClickException(msg)
    return f"sqlite:///{folder / 'store.db'}"


def _show(found: Scale) -> None:
    sizes, ratios = sorted(found.costs), found.ratios
    headings = [f"{size:,} leads" for size in sizes]
    kind = "processor time" if found.database == "sqlite" else "time"
    title = f"{kind} for one, in microseconds; {found.activities} activities a lead, {found.database}"
    table = fitted("step", *headings, "ratio", whole=(*headings, "ratio"), right=(*headings, "ratio"), title=title)
    for name in found.costs[sizes[0]]:
        costs = [f"{found.cost(found.costs[size][name]):,.1f}" for size in sizes]
        ratio = ratios[name][sizes[-1]]
        table.add_row(name, *costs, f"[red]{ratio:.2f}[/]" if ratio > MOST else f"{ratio:.2f}")
    Console().print(table)
    for name, ratio in found.over.items():
        click.echo(f"{name} costs {ratio:.1f} times as much as in the smallest store, more than {MOST}.")
