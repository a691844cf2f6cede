"""`coldframe provision`: make our fields, groups and permissions in a CRM, or take them away again."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from connectors.base.port import Unavailable
from integration.commands.operate import provision_project
from integration.commands.operate.provision_project import Asked
from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.system_argument import system as installed_system
from integration.flows.going_live.provision_steps import Line, plain, run
from integration.settings.environment import SettingsError, from_environment
from integration.wiring import connection_names, provisioners
from integration.wiring.unusable import UnusableError
from mappings.values.identifiers import System

_COLOURS = {"blocked": "red", "failed": "red", "by hand": "yellow", "keep": "dim"}


@click.command()
@click.argument("system", callback=installed_system)
@click.option("--dry-run", is_flag=True, help="Show what would happen, and change nothing.")
@click.option("--remove", is_flag=True, help="Take away what Coldframe has made, with its values.")
@click.option("--yes", is_flag=True, help="Do not ask before --remove.")
@click.option(
    "--sales", multiple=True, metavar="USERNAME", help="A person who is to see the scores, where the CRM asks for it."
)
@click.option("--connection", default="", metavar="NAME", help="Which, where the system is connected several times.")
@click.option(
    "--project",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the app that the CRM's own tool uploads into this folder; asks no CRM.",
)
@click.option("--oauth", is_flag=True, help="With --project: for several accounts, each of which signs in.")
@click.option("--force", is_flag=True, help="With --project: write over files that differ.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def provision(  # noqa: PLR0913 -- the command's own options
    system: System, *, project: Path | None, oauth: bool, force: bool, connection: str, as_json: bool, **options: Any
) -> None:
    r"""Make what Coldframe needs in a CRM: fields, groups, picklists, permissions.

    What is needed follows from the field mapping. A second run changes nothing; --remove takes away only what was
    made here, which is shown by the sentence "Made by Coldframe." in its description. Exit status 1 when something
    stands in the way.

    \b
    Example:
      coldframe provision hubspot --dry-run
      coldframe provision salesforce --sales nadia@acme.example
      coldframe provision hubspot --remove
      coldframe provision hubspot --project hubspot-app
    """
    if project is not None:
        asked = Asked(folder=project, connection=connection or system, several=oauth, force=force)
        _write_project(system, asked, as_json=as_json, others=options)
        return
    if oauth or force:
        msg = "--oauth and --force go with --project"
        raise click.UsageError(msg)
    dry_run, remove, yes, sales = (options[name] for name in ("dry_run", "remove", "yes", "sales"))
    try:
        settings = from_environment()
        with connection_names.opened(settings) as store:
            provisioner, mapping = provisioners.provisioner(settings, store, system, name=connection, sales=sales)
            lines = list(run(provisioner, mapping, act=not dry_run, remove=remove, sure=asker(yes=yes)))
    except (SettingsError, UnusableError, provisioners.UnconnectedError) as error:
        raise click.ClickException(str(error)) from None
    except Unavailable as away:
        told = f"{away.receipt.code} {away.receipt.message}".strip()
        msg = f"{system} does not answer as it should: {told}. Nothing further was done; run this again."
        raise click.ClickException(msg) from None
    show(lines, as_json=as_json)
    sys.exit(1 if any(line.outcome in {"failed", "blocked"} for line in lines) else 0)


def _write_project(system: System, asked: Asked, *, as_json: bool, others: Mapping[str, Any]) -> None:
    if any(others.values()):
        said = ", ".join(f"--{name.replace('_', '-')}" for name, value in others.items() if value)
        msg = f"{said} does not go with --project, which changes nothing in a CRM"
        raise click.UsageError(msg)
    try:
        settings = from_environment()
        files, steps = provision_project.write(settings, system, asked)
    except (SettingsError, UnusableError) as error:
        raise click.ClickException(str(error)) from None
    provision_project.show(files, steps, as_json=as_json)
    sys.exit(0 if steps else 1)


def asker(*, yes: bool) -> Callable[[int], bool]:
    """What asks before something is taken away, unless the answer is known."""

    def sure(count: int) -> bool:
        return yes or click.confirm(f"Take away {count} things with all their values?", default=False, err=True)

    return sure


def show(lines: Sequence[Line], *, as_json: bool) -> None:
    """One line for each step, and how many there are of each kind."""
    if as_json:
        for line in lines:
            click.echo(json.dumps(plain(line)))
        return
    table = fitted("", "what", "", "detail", "what to do")
    for line in lines:
        colour = _COLOURS.get(line.outcome, "green")
        step = line.step
        table.add_row(
            f"[{colour}]{line.outcome}[/]",
            escape(step.what),
            f"[dim]{step.kind}[/]",
            escape(line.error or step.detail),
            escape(step.remedy),
        )
    console = Console()
    console.print(table if lines else "Nothing here was made by Coldframe.")
    counts = ", ".join(f"{sum(line.outcome == one for line in lines)} {one}" for one in _outcomes(lines))
    console.print(f"\n{counts}" if lines else "")


def _outcomes(lines: Sequence[Line]) -> list[str]:
    return list(dict.fromkeys(line.outcome for line in lines))
