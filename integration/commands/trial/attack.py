"""`coldframe attack`: carry out every known attack against a copy of the product, and check that it withstands."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.quiet_log import quiet
from integration.processes.local_stack import environment
from integration.rig.attack import attack_connections, attack_inside, attack_values
from integration.rig.attack.attack_ground import LATEST, Attack
from integration.rig.attack.attack_run import LONGEST_DEAD, Result, all_carried_out, started
from integration.rig.stage import scratch_database
from integration.rig.stage.rig import rig
from integration.rig.stage.run_folder import run_folder

_LINGER_SECONDS = "0.2"


@click.command()
@click.option("--short", is_flag=True, help="Carry out one or two attacks of each kind.")
@click.option("--point", type=int, help="Carry out those of one kind alone: 1, 2, 3, 4 or 6.")
@click.option(
    "--seconds", default=LATEST, show_default=True, help="The longest an answer may take; more where others work too."
)
@click.option(
    "--dead",
    default=LONGEST_DEAD,
    show_default=True,
    help="The seconds within which everything has to work as before; more where others work too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option("--keep", is_flag=True, help="Keep the directory with the store and the processes' log.")
def attack(  # noqa: PLR0913 - the options of the command
    *, short: bool, point: int | None, seconds: float, dead: float, as_json: bool, keep: bool
) -> None:
    r"""Attack a copy of the whole product on this machine, which is started for it and listens on the loopback alone.

    1: requests that never end. 2: values that stop a lane. 3: texts that keep a processor busy. 4: whatever is written
    to Redis. 6: figures, files and CRMs that take long. While an attack goes on, an innocent client in a process of its
    own is answered within two seconds; within a minute after it everything works as before, or within ten times what
    one delivery takes unattacked, where a busy machine needs longer. Exit status 1 otherwise.
    The same client's answers just before each attack are printed beside it. The files lie in memory where there is
    room, so that a disk which others keep busy is not what is measured. A PostgreSQL server named by DATABASE_URL is
    used: in a database of its own, dropped at the end.

    \b
    Example:
      coldframe attack --short
    """
    quiet()
    chosen = [each for each in attacks() if (each.short or not short) and point in {None, each.point}]
    if not chosen:
        msg = f"no attack is of the kind {point}: they are 1, 2, 3, 4 and 6"
        raise click.UsageError(msg)
    console = Console(stderr=True)
    try:
        with (
            run_folder("attack", keep=keep, in_memory=True) as data,
            scratch_database.database(environment(), keep=keep) as database,
        ):
            results = _carried_out(chosen, data, database, (seconds, dead), console)
    except scratch_database.NoDatabaseError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps([asdict(each) for each in results], indent=2))
    else:
        _show(results, seconds)
    if any(each.faults for each in results):
        raise SystemExit(1)


def attacks() -> list[Attack]:
    """Every known attack, in the order of the points."""
    every = [*attack_connections.attacks(), *attack_values.attacks(), *attack_inside.attacks()]
    return sorted(every, key=lambda each: each.point)


def _carried_out(
    chosen: Sequence[Attack], data: Path, database: Mapping[str, Any], limits: tuple[float, float], console: Console
) -> list[Result]:
    latest, dead = limits
    with rig(data, COLDFRAME_LINGER_SECONDS=_LINGER_SECONDS, **database) as running:
        dead = max(dead, started(running))
        console.print(f"after an attack everything has to work as before within {dead:.0f} s")

        def tell(result: Result) -> None:
            console.print(_line(result), soft_wrap=True)

        return list(all_carried_out(running, chosen, latest, dead, tell))


def _line(result: Result) -> str:
    """One attack's result, as it is printed when it ends."""
    held = "[green]withstood[/]" if not result.faults else "[bold red]did not withstand[/]"
    figures = f"slowest answer {result.slowest:.2f} s ({result.quiet:.2f} s before), {_times(result)}"
    after = f"as before after {result.recovered:.1f} s, {result.seconds:.1f} s in all"
    return f"{result.point}: {escape(result.name)}: {held}; {figures}, {after}"


def _times(result: Result) -> str:
    return "-" if result.ratio is None else f"{result.ratio:.1f} times as long"


def _show(results: Sequence[Result], seconds: float) -> None:
    table = fitted("", "attack", "slowest answer", "just before", "usual one", "as before after", "", title="Attacks")
    for each in results:
        good = "[green]withstood[/]" if not each.faults else "[bold red]did not withstand[/]"
        figures = [f"{value:.2f} s" for value in (each.slowest, each.quiet, each.recovered)]
        figures.insert(2, "" if each.ratio is None else f"x {each.ratio:.1f}")
        table.add_row(str(each.point), each.name, *figures, good)
    console = Console()
    console.print(table)
    for each in results:
        for fault in each.faults:
            console.print(f"{each.point}: {each.name}: {fault}", style="red", markup=False, highlight=False)
    failed = sum(1 for each in results if each.faults)
    slowest = max(each.slowest for each in results)
    ratios = sorted(each.ratio for each in results if each.ratio is not None)
    console.print(
        f"{len(results) - failed} of {len(results)} attacks were withstood. The slowest answer took {slowest:.2f} s "
        f"({seconds:g} s are allowed), without any attack {max(each.quiet for each in results):.2f} s; a usual one "
        f"took up to {ratios[-1] if ratios else 1:.1f} times as long as just before. Everything worked as before "
        f"within {max(each.recovered for each in results):.1f} s. "
        f"{sum(each.seconds for each in results):.0f} s in all."
    )
