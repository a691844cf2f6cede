"""`coldframe hosts`: several worker hosts over one PostgreSQL, how they share the work, and what a cut one loses."""

import json
from typing import Any

import click
from rich.console import Console

from integration.commands.shared.quiet_log import quiet
from integration.processes.local_stack import environment
from integration.rig.hosts.hosts_report import figures, show
from integration.rig.hosts.hosts_run import HostsRun
from integration.rig.stage import scratch_database
from integration.rig.stage.rig import rig
from integration.rig.stage.run_folder import run_folder

_QUICK: dict[str, Any] = {
    "COLDFRAME_LOG_LEVEL": "warning",
}


@click.command()
@click.option("--leads", default=2_000, show_default=True, help="How many people are in the sandbox's CRMs.")
@click.option(
    "--seconds", default=40, show_default=True, help="How long the loads last during which hosts come and go."
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, and no progress.")
@click.option("--keep", is_flag=True, help="Keep the directory with the processes' logs.")
def hosts(*, leads: int, seconds: int, as_json: bool, keep: bool) -> None:
    r"""Let four worker hosts share the work of one, cut one off in the middle of its batch, and add another.

    Each host's workers reach the database, Redis and the CRMs through relays of their own, which are cut as a cable
    is. Every activity that was answered must be in its lead's score, the CRMs must have exactly one handoff task for
    every MQL, four hosts may need at most 1.15 times the CPU time of one, and the CRMs at most 1.05 times the fewest
    calls. Exit status 1 otherwise. DATABASE_URL must name a PostgreSQL server over TCP; a database of the run's own is
    made there, and dropped at the end.

    \b
    Example:
      DATABASE_URL=postgresql://… coldframe hosts
      DATABASE_URL=postgresql://… coldframe hosts --leads 100 --seconds 20 --json
    """
    quiet()
    console = Console(stderr=True, quiet=as_json)
    try:
        with run_folder("hosts", keep=keep) as data, scratch_database.database(environment(), keep=keep) as database:
            if not database:
                msg = "several hosts need PostgreSQL: set DATABASE_URL"
                raise click.ClickException(msg)
            with rig(data, leads=leads, workers=False, **_QUICK, **database) as running:
                ran = HostsRun(running, data, console.print, seconds)
                finding = ran.run()
                told = figures(ran, finding)
    except scratch_database.NoDatabaseError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        show(ran, finding, Console())
    if finding.differences:
        raise SystemExit(1)
