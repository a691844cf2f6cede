"""`coldframe publish-drill`: publish edit after edit on a living installation, and compare what followed."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.quiet_log import quiet
from integration.processes.local_stack import environment
from integration.rig.publish_drill.publish_report import COLUMNS, figures, line, urgent_figures
from integration.rig.publish_drill.publish_run import Plan, PublishDrill
from integration.rig.publish_drill.urgent_requests import UrgentRequests
from integration.rig.stage import scratch_database
from integration.rig.stage.rig import rig
from integration.rig.stage.run_folder import run_folder

_SHOWN = 20
_PROCESSES: dict[str, Any] = {
    "COLDFRAME_LEASE_SECONDS": "5",
    "COLDFRAME_LINGER_SECONDS": "0.5",
    "COLDFRAME_POLL_SECONDS": "3600",
    "COLDFRAME_PLAYBOOK": "standard",
    "COLDFRAME_LOG_LEVEL": "warning",
    "COLDFRAME_TASKS_PER_HOUR": "600",
}
"""A worker that is killed is missed after five seconds; nobody changes anything in the CRMs."""
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())


@click.command()
@click.option("--leads", default=20_000, show_default=True, type=click.IntRange(10), help="Leads of the installation.")
@click.option("--kills", default=5, show_default=True, help="How often the process that derives is killed (SIGKILL).")
@click.option("--seed", default=20_26, show_default=True, help="The same seed: the same past, and much the same kills.")
@click.option(
    "--urgent",
    is_flag=True,
    help="Publish one edit only, and measure how long demo requests wait for their tasks meanwhile.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, and no progress.")
@click.option("--keep", is_flag=True, help="Keep the directory with the store and the processes' log.")
def publish_drill(  # noqa: PLR0913 - the options of the command
    *, leads: int, kills: int, seed: int, urgent: bool, as_json: bool, keep: bool
) -> None:
    r"""Publish ten edits in turn while web and workers run, kill who derives, and compare with what was predicted.

    Nothing may follow that the impact did not tell, nothing that was carried out may change, no decision may stop, and
    every lead must stand where a fresh pass over its history puts it. Exit status 1 when anything differs. A
    PostgreSQL server named by DATABASE_URL is used instead of SQLite: in a database of its own, dropped at the end.

    \b
    Example:
      coldframe publish-drill --leads 500 --kills 2
      coldframe publish-drill --urgent --leads 100000
    """
    quiet()
    console = Console(quiet=as_json)
    try:
        with (
            Progress(*_COLUMNS, console=console, transient=True) as progress,
            run_folder("publish-drill", keep=keep) as data,
            scratch_database.database(environment(), keep=keep) as database,
            rig(data, **_PROCESSES, **database) as running,
        ):
            tell = _teller(progress)
            ran: PublishDrill | UrgentRequests = (
                UrgentRequests(running, leads, seed, tell)
                if urgent
                else PublishDrill(running, Plan(leads=leads, kills=kills, seed=seed), tell)
            )
            ran.run()
    except scratch_database.NoDatabaseError as error:
        raise click.ClickException(str(error)) from error
    said = urgent_figures(ran) if isinstance(ran, UrgentRequests) else figures(ran)
    if as_json:
        click.echo(json.dumps(said, indent=2))
    elif isinstance(ran, UrgentRequests):
        console.print(
            f"{ran.leads} leads were derived anew in {ran.seconds:.0f} s. {said['requests']} people asked for a demo "
            f"meanwhile: their tasks were in the CRM after {said['median_seconds']} s, at most {said['most_seconds']}."
        )
    else:
        _show(ran, console)
    _differences(ran.differences, console)
    if ran.differences:
        raise SystemExit(1)


def _teller(progress: Progress) -> Callable[[str, int, int], None]:
    bar = progress.add_task("starting", total=None, said="Valkey, sandbox, web, workers, clock")

    def tell(what: str, done: int, total: int) -> None:
        progress.update(
            bar, description=what, completed=done, total=total or None, said=f"{done} of {total}" if total else ""
        )

    return tell


def _show(ran: PublishDrill, console: Console) -> None:
    table = fitted(*COLUMNS, right=COLUMNS[1:], title=f"{ran.plan.leads} leads: predicted and followed")
    for edit in ran.edits:
        table.add_row(*line(edit), style="red" if edit.finding.differences else "")
    console.print(table)
    for each in ran.refused:
        console.print(f"Refused: {each}", markup=False, highlight=False)
    waited = max((edit.waited for edit in ran.edits), default=0.0)
    console.print(
        f"{ran.kills} kills, {ran.seconds:.0f} s. A new activity waited {waited:.1f} s at most for its decision."
    )


def _differences(found: Sequence[str], console: Console) -> None:
    for difference in found[:_SHOWN]:
        console.print(difference, style="red", markup=False, highlight=False)
    if len(found) > _SHOWN:
        console.print(f"… and {len(found) - _SHOWN} more; --json prints them all")
    console.print(f"{len(found)} differences", style="bold red" if found else "bold green")
