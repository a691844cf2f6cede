"""`coldframe season`: weeks of sales on a simulated clock, with people who do as people do, and what became of it."""

import gc
import json
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.quiet_log import quiet
from integration.processes.local_stack import environment
from integration.rig.chaos.chaos_finding import Finding
from integration.rig.season.season_ground import ground
from integration.rig.season.season_plan import Plan
from integration.rig.season.season_run import Season
from integration.rig.season_check import season_check
from integration.rig.stage import scratch_database
from integration.rig.stage.run_folder import run_folder
from mappings.values.instant import HOUR

_COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("{task.fields[said]}"),
    TimeElapsedColumn(),
)
_FIRST = (
    "leads in inquiry",
    "leads in mql",
    "leads in sal",
    "leads in sql",
    "leads in customer",
    "leads in recycled",
    "leads in suppressed",
    "tasks made",
    "tasks open",
    "handovers",
    "breaches",
    "escalations",
    "tasks taken over",
    "alerts",
    "touches",
    "activities",
)
"""What people ask for first, in this order; the other figures follow by name."""
_SHOWN = 30


_STEP = "Hours between two moments at which the service works, while anybody in sales does."


@click.command()
@click.option("--leads", default=20_000, show_default=True, type=click.IntRange(10), help="People who arrive.")
@click.option("--sdrs", default=200, show_default=True, type=click.IntRange(1), help="People in sales, with managers.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1), help="Simulated days.")
@click.option("--seed", default=20_26, show_default=True, help="The same seed: the same people, days and faults.")
@click.option("--playbook", default="standard", show_default=True, help="The rules that decide: a name or a file.")
@click.option("--faults/--no-faults", default=True, show_default=True, help="Let CRMs be away and workers be killed.")
@click.option("--step", default=2, show_default=True, type=click.IntRange(1, 12), help=_STEP)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, and no progress.")
@click.option("--keep", is_flag=True, help="Keep the directory with the store.")
def season(  # noqa: PLR0913 - the options of the command
    *, leads: int, sdrs: int, days: int, seed: int, playbook: str, faults: bool, step: int, as_json: bool, keep: bool
) -> None:
    r"""Live through a season: leads arrive, sales answers in the CRMs or does not, and nobody may be forgotten.

    The whole service works on a simulated clock, over real HTTP, in a sandbox's HubSpot and Salesforce. People in sales
    are slow, absent, reject, forget reasons, set stages by hand and leave the company. At the end every lead must have
    an owner and a next step, every task stand once, every breach be escalated once and to somebody else, every alert
    have arrived once. Exit status 1 when anything differs. A PostgreSQL server named by DATABASE_URL is used instead of
    SQLite: in a database of its own, dropped at the end.

    \b
    Example:
      coldframe season --leads 500 --sdrs 20 --days 30
    """
    quiet()
    plan = Plan(leads=leads, sdrs=sdrs, days=days, seed=seed, playbook=playbook, faults=faults, step=step * HOUR)
    console, finding = Console(quiet=as_json), Finding()
    try:
        with (
            Progress(*_COLUMNS, console=console, transient=True) as progress,
            run_folder("season", keep=keep, in_memory=True) as data,
            scratch_database.database(environment(), keep=keep) as database,
            ground(plan, data, database) as place,
        ):
            ran = Season(place, _teller(progress, plan), lambda each: season_check.every_day(each, finding))
            ran.run()
            season_check.check(ran, finding)
    except scratch_database.NoDatabaseError as error:
        raise click.ClickException(str(error)) from error
    said = figures(ran, finding)
    if as_json:
        click.echo(json.dumps(said, indent=2))
    else:
        _show(said, console)
    if finding.differences:
        raise SystemExit(1)


def figures(ran: Season, finding: Finding) -> dict[str, Any]:
    """Everything that was counted, for scripts."""
    plan, counted = ran.ground.plan, finding.figures
    names = [*_FIRST, *sorted(counted.keys() - set(_FIRST))]
    return {
        "people": plan.leads,
        "sdrs": plan.sdrs,
        "days": plan.days,
        "steps": ran.steps,
        "seconds": round(ran.seconds, 1),
        "seconds_a_day": round(ran.seconds / plan.days, 2),
        "seconds_by_part": {name: round(spent, 1) for name, spent in ran.spent.most_common()},
        "faults": ran.trouble.words,
        "workers_killed": ran.kills,
        "counted": {name: counted[name] for name in names if counted[name]},
        "differences": finding.differences,
    }


def _teller(progress: Progress, plan: Plan) -> Callable[[Season], None]:
    bar = progress.add_task(f"{plan.leads} leads, {plan.sdrs} in sales: days", total=plan.days, said="")

    def tell(ran: Season) -> None:
        gc.freeze()  # what the CRMs have stays; it is not looked through for garbage every few seconds
        said = f"{len(ran.sales.tasks)} tasks · {len(ran.marketing.touches)} touches · {len(ran.posted)} activities"
        progress.update(bar, completed=ran.day, said=said)

    return tell


def _show(said: dict[str, Any], console: Console) -> None:
    title = f"{said['days']} days of {said['people']} leads and {said['sdrs']} people in sales"
    table = fitted("", "", title=title, right=("",))
    for name, count in said["counted"].items():
        table.add_row(name, str(count))
    console.print(table)
    for each in said["faults"]:
        console.print(f"Fault: {each}", markup=False, highlight=False)
    console.print(f"{said['steps']} steps in {said['seconds']} s, {said['seconds_a_day']} s for each simulated day.")
    found: list[str] = said["differences"]
    for difference in found[:_SHOWN]:
        console.print(difference, style="red", markup=False, highlight=False)
    if len(found) > _SHOWN:
        console.print(f"… and {len(found) - _SHOWN} more; --json prints them all")
    console.print(f"{len(found)} differences", style="bold red" if found else "bold green")
