"""`coldframe chaos`: kill the service's processes under load, then count what was lost."""

import json
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from integration.commands.shared.quiet_log import quiet
from integration.processes.local_stack import environment
from integration.rig.chaos.chaos_report import figures, show
from integration.rig.chaos.chaos_run import SETTLING, Chaos, Plan
from integration.rig.stage import scratch_database
from integration.rig.stage.rig import rig
from integration.rig.stage.run_folder import run_folder

_SECONDS_PER_KILL = 4.5
_SOME_SECONDS = 20
_QUICK: dict[str, Any] = {"COLDFRAME_LEASE_SECONDS": "5", "COLDFRAME_LINGER_SECONDS": "0.5"}
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())


@click.command()
@click.option("--kills", default=50, show_default=True, help="How often a process is killed (SIGKILL).")
@click.option("--seconds", type=int, help="How long the load lasts; 4.5 seconds a kill unless given.")
@click.option(
    "--settling",
    default=SETTLING,
    show_default=True,
    help="The seconds that all work may take once the load has ended.",
)
@click.option("--leads", default=200, show_default=True, help="How many people are in the sandbox's CRMs.")
@click.option("--seed", default=20_26, show_default=True, help="The same seed: the same load, and much the same kills.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, and no progress.")
@click.option("--keep", is_flag=True, help="Keep the directory with the store and the processes' log.")
def chaos(  # noqa: PLR0913 - the options of the command
    *, kills: int, seconds: int | None, settling: int, leads: int, seed: int, as_json: bool, keep: bool
) -> None:
    r"""Kill web, workers and clock at random under load, wipe Redis once, and see that nothing is lost or doubled.

    Every activity that was answered must be in its lead's score, and the sandbox's CRMs must have exactly
    one handoff task for every MQL. Exit status 1 when anything differs. A PostgreSQL server named by DATABASE_URL is
    used instead of SQLite: in a database of its own, dropped at the end.

    \b
    Example:
      coldframe chaos --kills 50 --leads 200
    """
    quiet()
    load = seconds or max(_SOME_SECONDS, round(kills * _SECONDS_PER_KILL))
    plan = Plan(kills=kills, seconds=load, seed=seed, settling=settling)
    console = Console(quiet=as_json)
    try:
        with Progress(*_COLUMNS, console=console, transient=True) as progress:
            tell = _teller(progress)
            with (
                run_folder("chaos", keep=keep) as data,
                scratch_database.database(environment(), keep=keep) as database,
                rig(data, leads=leads, **_QUICK, **database) as running,
            ):
                ran = Chaos(running, plan, tell)
                finding = ran.run()
    except scratch_database.NoDatabaseError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(figures(ran, finding), indent=2))
    else:
        show(ran, finding, console)
    if finding.differences:
        raise SystemExit(1)


def _teller(progress: Progress) -> Callable[[Chaos], None]:
    bar = progress.add_task("starting", total=None, said="Valkey, sandbox, web, workers, clock")

    def tell(ran: Chaos) -> None:
        kills, sent = ran.killer.kills.total(), ran.senders.deliveries
        said = f"{kills} of {ran.plan.kills} kills · {sent} of {len(ran.load)} deliveries · {ran.waiting} waiting"
        progress.update(bar, description=ran.phase, total=len(ran.load), completed=sent, said=said)

    return tell
