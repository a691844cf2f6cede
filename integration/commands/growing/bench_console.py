"""`coldframe bench-console`: how long every page of the console takes over an installation of any size."""

import json
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.quiet_log import quiet
from integration.processes.local_stack import environment
from integration.rig.console_bench.console_bench_run import ConsoleBench, differences
from integration.rig.stage import scratch_database
from integration.rig.stage.rig import rig
from integration.rig.stage.run_folder import run_folder

_PROCESSES: dict[str, Any] = {"COLDFRAME_PLAYBOOK": "standard", "COLDFRAME_LOG_LEVEL": "warning"}
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
_LIVED = 2_000
_BUSY = 12
"""Leads do so many times as much as those of the publish drill: about twenty activities each."""


@click.command("bench-console")
@click.option(
    "--leads", default=1_000_000, show_default=True, type=click.IntRange(20), help="Leads at the larger size."
)
@click.option("--small", default=10_000, show_default=True, type=click.IntRange(10), help="Leads at the smaller size.")
@click.option(
    "--times", default=40, show_default=True, type=click.IntRange(2), help="How often each kind of page is read."
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, and no progress.")
@click.option("--keep", is_flag=True, help="Keep the directory with the store and the processes' log.")
def bench_console(*, leads: int, small: int, times: int, as_json: bool, keep: bool) -> None:
    r"""Read every page of the console over a small installation and a large one, through the real web process.

    Leads live through six weeks and are decided by the engine; the larger sizes are copies of them, with everything
    that was decided, written and assigned. Each page has 300 ms for 95 of 100 readings, and at most five times what it
    takes at the smaller size; the web process has 200 MB. Exit status 1 otherwise. Times are those of this machine, and
    of whatever else it does; ratios are better to build on. Beside them stands what a page without any lead in it
    takes, the list of who is signed in. A PostgreSQL server named by DATABASE_URL is used instead of SQLite: in a
    database of its own, dropped at the end.

    \b
    Example:
      DATABASE_URL=postgresql://… coldframe bench-console
      coldframe bench-console --leads 20000 --small 2000 --times 10
    """
    quiet()
    console = Console(quiet=as_json, stderr=True)
    lived = min(_LIVED, small)
    try:
        with (
            Progress(*_COLUMNS, console=console, transient=True) as progress,
            run_folder("bench-console", keep=keep) as data,
            scratch_database.database(environment(), keep=keep) as database,
            rig(data, workers=False, **_PROCESSES, **database) as running,
        ):
            shown = progress.add_task("starting", total=None)

            def tell(what: str, done: int, total: int) -> None:
                progress.update(shown, description=what, completed=done, total=total or None)

            ran = ConsoleBench(running, lived, small, max(leads, small), _BUSY, times, tell)
            ran.run()
    except scratch_database.NoDatabaseError as error:
        raise click.ClickException(str(error)) from error
    wrong = differences(ran)
    if as_json:
        click.echo(json.dumps(_figures(ran, wrong), indent=2))
    else:
        _show(ran, Console())
        for each in wrong:
            click.echo(f"Not as promised: {each}.")
    if wrong:
        raise SystemExit(1)


def _figures(ran: ConsoleBench, wrong: list[str]) -> dict[str, Any]:
    return {
        "sizes": [
            {
                "leads": size.leads,
                "activities": size.activities,
                "web_bytes": size.web,
                "pages": {
                    each.kind: {"median_ms": _ms(each.median), "p95_ms": _ms(each.p95), "bytes": each.size}
                    for each in size.pages
                },
            }
            for size in ran.sizes
        ],
        "differences": wrong,
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _show(ran: ConsoleBench, console: Console) -> None:
    small, large = ran.sizes
    title = f"{large.leads:,} leads, {large.activities:,} activities; beside it {small.leads:,} leads"
    numbers = ("median ms", "p95 ms", "small p95", "times", "KB")
    table = fitted("page", *numbers, whole=numbers, right=numbers, title=title)
    before = {each.kind: each for each in small.pages}
    for each in sorted(large.pages, key=lambda page: -page.p95):
        was = before.get(each.kind)
        grown = "" if was is None else f"{each.p95 / was.p95:.1f}"
        once = "" if was is None else f"{_ms(was.p95)}"
        table.add_row(each.kind, f"{_ms(each.median)}", f"{_ms(each.p95)}", once, grown, f"{each.size / 1000:.0f}")
    console.print(table)
    console.print(f"The web process had {small.web / 1e6:.0f} MB at most, then {large.web / 1e6:.0f} MB.")
