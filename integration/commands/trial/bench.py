"""`coldframe bench`: how much this machine does, compared with its disk and RQ alone in the same run."""

import json

import click
from rich.console import Console

from integration.processes.local_stack import environment
from integration.rig.bench.bench_run import measured
from integration.rig.stage import scratch_database
from integration.rig.stage.run_folder import run_folder


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option(
    "--seconds", default=24, type=click.IntRange(1, 30), show_default=True, help="About how long the full load lasts."
)
@click.option(
    "--leads",
    default=4_000,
    type=click.IntRange(2, 20_000),
    show_default=True,
    help="How many people are in the sandbox's CRMs.",
)
@click.option("--webhooks", is_flag=True, help="HubSpot tells of every change, of those that we made ourselves too.")
def bench(*, as_json: bool, seconds: int, leads: int, webhooks: bool) -> None:
    r"""Measure the whole product on this machine, the sandbox's CRMs and the sender included.

    Everything stays on the loopback. Signed deliveries of 100 activities come in; scores are written to
    a sandbox HubSpot and a sandbox Salesforce, half of the people in each. The same run measures three
    floors: deliveries that a bare SQLite stores with a commit each, no-op RQ jobs, one for an activity, and our own
    durable answers to single events while no worker runs.
    How long single events take to their record and their task in the CRM is measured at a tenth of the load
    and at one a second, beside their durable answers. A PostgreSQL server named by DATABASE_URL is used: in a database
    of its own, dropped at the end. Read times beside the load of the machine; processor time says more on a busy one.

    \b
    Example:
      coldframe bench
      coldframe bench --json --seconds 5
      coldframe bench --webhooks
    """
    console = Console(stderr=True)
    try:
        with run_folder("bench") as data, scratch_database.database(environment()) as database:
            figures = measured(data, console.print, people=leads, seconds=seconds, database=database, webhooks=webhooks)
    except scratch_database.NoDatabaseError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(figures.as_json(), indent=2))
    else:
        Console().print(figures.table())
