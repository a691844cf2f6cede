"""`coldframe pause` and `coldframe resume`: the kill switch."""

import click

from integration.examining.ways_to_connect import variables
from integration.flows.upkeep import person_pauses
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.identifiers import ConnectionName
from mappings.yaml_files.problems import nearest

_ACTOR = "command line"


@click.command()
@click.argument("connection", required=False)
@click.option("--reason", default="", help="Why, for those who come across it; kept in the audit trail.")
def pause(connection: str | None, reason: str) -> None:
    r"""Stop all traffic with a CRM, or with all of them, within one batch and until `coldframe resume`.

    Webhooks are taken in and scored meanwhile; what is decided waits. No outage and no restart ends the pause.

    \b
    Example:
      coldframe pause
      coldframe pause salesforce --reason "data migration on Saturday"
    """
    service = build.service()
    names = named(service, connection)
    waiting = person_pauses.pause(service, names, reason=reason, actor=_ACTOR, who="an operator")
    for name in names:
        click.echo(f"{name} is paused; {waiting[name]} writes wait. Go on with: coldframe resume {name}")


@click.command()
@click.argument("connection", required=False)
def resume(connection: str | None) -> None:
    r"""End a pause; what has waited is read and written at once.

    \b
    Example:
      coldframe resume
      coldframe resume salesforce
    """
    service = build.service()
    names = named(service, connection)
    for name, (was, waiting) in person_pauses.resume(service, names, actor=_ACTOR).items():
        said = "goes on" if was else "was not paused"
        click.echo(f"{name} {said}; {waiting} writes wait.")


def named(service: Service, connection: str | None) -> list[ConnectionName]:
    """The connection of that name, or all of them."""
    known = list(service.connections)
    if connection is not None and connection not in known:
        listed = ", ".join(known) or f"none: set {variables()}"
        msg = f"no connection is called {connection!r}{nearest(connection, known)}; there are {listed}"
        raise click.ClickException(msg)
    if not known:
        msg = f"no CRM is connected: set {variables()} (docs/operations.md)"
        raise click.ClickException(msg)
    return [ConnectionName(connection)] if connection else known
