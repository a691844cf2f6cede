"""`coldframe views`: the lists that sales works from, made in a CRM or written as files to deploy there."""

import sys
from pathlib import Path
from typing import Any

import click

from connectors import vendors
from connectors.base.port import Unavailable
from connectors.shared.ready_views import UnwrittenError
from integration.commands.operate import provision, provision_project
from integration.commands.shared.system_argument import system as installed_system
from integration.flows.going_live import provision_steps
from integration.settings.environment import SettingsError, from_environment
from integration.wiring import connection_names, provisioners
from integration.wiring.unusable import UnusableError
from mappings.values.identifiers import System


@click.command()
@click.argument("system", callback=installed_system)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder for list views and reports, where the CRM's own tool deploys them.",
)
@click.option("--force", is_flag=True, help="With --into: write over files that differ.")
@click.option("--dry-run", is_flag=True, help="Where the API makes them: show what would happen, and change nothing.")
@click.option("--remove", is_flag=True, help="Where the API makes them: take away the lists that Coldframe has made.")
@click.option("--yes", is_flag=True, help="Do not ask before --remove.")
@click.option("--connection", default="", metavar="NAME", help="Which, where the system is connected several times.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def views(system: System, *, into: Path | None, connection: str, as_json: bool, **options: Any) -> None:
    r"""Ready views for sales: My hot leads, Due today, Breached, Recycled coming back.

    For Salesforce they are list views and a folder of reports, written as files that `sf project deploy start` brings
    into the org. In HubSpot the lists are made by its API, and the saved views, which no API makes, are described with
    their exact filters. The fields are those of the mapping in force. Exit status 1 when something stands in the way.

    \b
    Example:
      coldframe views salesforce --into salesforce-views
      coldframe views hubspot --dry-run
      coldframe views hubspot --remove
    """
    vendor = vendors.vendor(system)
    by_files = vendor.views is not None
    wrong = ("dry_run", "remove", "yes") if by_files else ("force",)
    given = [f"--{name.replace('_', '-')}" for name in wrong if options[name]]
    if given or (by_files and into is None) or (not by_files and into is not None):
        said = (
            f"{', '.join(given)} does not go with {system}" if given else _folder_words(vendor.label, by_files=by_files)
        )
        raise click.UsageError(said)
    try:
        done = _write(system, connection, into, force=options["force"], as_json=as_json) if into else None
        if done is None:
            done = _make(system, connection, as_json=as_json, **options)
    except (SettingsError, UnusableError, UnwrittenError, provisioners.UnconnectedError) as error:
        raise click.ClickException(str(error)) from None
    except Unavailable as away:
        told = f"{away.receipt.code} {away.receipt.message}".strip()
        msg = f"{system} does not answer as it should: {told}. Nothing further was done; run this again."
        raise click.ClickException(msg) from None
    sys.exit(0 if done else 1)


def _folder_words(label: str, *, by_files: bool) -> str:
    if by_files:
        return f"say where the files for {label} go: --into DIR"
    return f"--into does not go with {label}: its lists are made by its API, no file is written"


def _write(system: System, connection: str, into: Path, *, force: bool, as_json: bool) -> bool:
    """Write the files, unless somebody has changed one of them; whether they are there now."""
    made = vendors.vendor(system).views
    assert made is not None  # noqa: S101 - asked before # nosec B101
    settings = from_environment()
    with connection_names.opened(settings) as store:
        project = made(provisioners.in_force(settings, store, system, connection or system))
    files, steps = provision_project.written(project, into, force=force)
    provision_project.show(files, steps, as_json=as_json)
    return bool(steps)


def _make(  # noqa: PLR0913 - the command's own options
    system: System, connection: str, *, as_json: bool, dry_run: bool, remove: bool, yes: bool, **_: Any
) -> bool:
    """Make the lists, or take them away; whether nothing stood in the way."""
    settings = from_environment()
    with connection_names.opened(settings) as store:
        provisioner, mapping = provisioners.lists(settings, store, system, name=connection)
        sure = provision.asker(yes=yes)
        lines = list(provision_steps.run(provisioner, mapping, act=not dry_run, remove=remove, sure=sure))
    provision.show(lines, as_json=as_json)
    return not any(line.outcome in {"failed", "blocked"} for line in lines)
