"""`coldframe drill`: interrupt a first sync, then count what was lost or doubled, and how much memory it took."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.quiet_log import quiet
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.drill.drill_check import check
from integration.rig.drill.drill_run import Drill, Plan, ground
from integration.rig.stage.run_folder import run_folder

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
_PART = 5
_MEGABYTE = 1 << 20


@click.command()
@click.option("--leads", default=10_000, show_default=True, type=click.IntRange(10), help="People in the CRMs.")
@click.option("--activities", default=100_000, show_default=True, type=click.IntRange(10), help="What they have done.")
@click.option("--kills", default=5, show_default=True, help="How often the sync is killed (SIGKILL).")
@click.option("--seed", default=20_26, show_default=True, help="The same seed: the same CRMs, and much the same kills.")
@click.option("--fifth/--no-fifth", default=True, show_default=True, help="Compare memory with a fifth of it all.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, and no progress.")
@click.option("--keep", is_flag=True, help="Keep the directory with the store.")
def drill(  # noqa: PLR0913 - the options of the command
    *, leads: int, activities: int, kills: int, seed: int, fifth: bool, as_json: bool, keep: bool
) -> None:
    r"""Sync a sandbox whole, killed at random moments, and see that it ends complete: nothing lost, nothing doubled.

    Every person must be one lead, every activity stored once, every score written as its history comes to, and no task
    made. Exit status 1 when anything differs.

    \b
    Example:
      coldframe drill --leads 2000 --activities 20000 --kills 3
    """
    quiet()
    plan = Plan(leads=leads, activities=activities, kills=kills, seed=seed)
    small = replace(plan, leads=max(10, leads // _PART), activities=max(10, activities // _PART), kills=0)
    console = Console(quiet=as_json)
    with Progress(*_COLUMNS, console=console, transient=True) as progress:
        less = _run(small, progress, keep=False)[0] if fifth else None
        ran, finding = _run(plan, progress, keep=keep)
    told = _figures(ran, less, finding)
    if as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        _show(told, console)
    if finding.differences:
        raise SystemExit(1)


def _run(plan: Plan, progress: Progress, *, keep: bool) -> tuple[Drill, Finding]:
    with run_folder("drill", keep=keep) as data, ground(data, plan) as place:
        ran = Drill(place, plan, _teller(progress, plan))
        ran.run()
        finding = check(place, plan.seed)
        finding.same("kills", len(ran.kills), plan.kills)
    return ran, finding


def _teller(progress: Progress, plan: Plan) -> Callable[[Drill], None]:
    bar = progress.add_task(f"{plan.leads} leads, {plan.activities} activities", total=None)

    def tell(ran: Drill) -> None:
        done, total = ran.progress.get(ran.phase, (0, 0))
        size, killed = f"{plan.leads} leads, {plan.activities} activities", f"{len(ran.kills)} of {plan.kills} kills"
        said = f"{size} · {killed} · {ran.phase}"
        progress.update(bar, description=said, completed=done, total=total or None)

    return tell


def _figures(ran: Drill, less: Drill | None, finding: Finding) -> dict[str, Any]:
    told: dict[str, Any] = {
        "leads": ran.plan.leads,
        "activities": ran.plan.activities,
        "runs": ran.runs,
        "kills": ran.kills,
        "seconds": round(ran.seconds, 1),
        "peak_mb": _mb(ran.memory.peak),
        "peak_mb_by_phase": {phase: _mb(peak) for phase, peak in ran.memory.peaks.items()},
    }
    if less is not None and less.memory.peak:
        told["peak_mb_at_a_fifth"] = _mb(less.memory.peak)
        told["peak_ratio"] = round(ran.memory.peak / less.memory.peak, 2)
        told["reading_ratio"] = round(_reading(ran) / max(1, _reading(less)), 2)
    counted = {name.replace(" ", "_"): number for name, number in finding.figures.items()}
    return told | counted | {"differences": finding.differences}


def _reading(ran: Drill) -> int:
    return max((peak for phase, peak in ran.memory.peaks.items() if phase.startswith("reading")), default=0)


def _mb(size: int) -> float:
    return round(size / _MEGABYTE, 1)


def _show(told: dict[str, Any], console: Console) -> None:
    table = fitted("", "", title="A first sync, interrupted")
    differences: list[str] = told.pop("differences")
    for name, value in told.items():
        if isinstance(value, dict):
            for part, many in value.items():
                table.add_row(f"  {part}", str(many), style="dim")
        else:
            table.add_row(name.replace("_", " "), ", ".join(value) if isinstance(value, list) else str(value))
    table.add_row("differences", str(len(differences)), style="bold red" if differences else "bold green")
    console.print(table)
    for difference in differences:
        console.print(difference, style="red", markup=False, highlight=False)
