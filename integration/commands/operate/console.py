"""`coldframe console`: a one-time link into the admin's console."""

import json

import click

from integration.commands.shared.installation import installed
from integration.settings.console_settings import ROLES, Role
from integration.wiring import clock


@click.command()
@click.option("--role", type=click.Choice(ROLES), default="admin", show_default=True, help="What they may do there.")
@click.option(
    "--for", "name", default="admin", show_default=True, help="Whom it is for, as the audit trail names them."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def console(role: Role, name: str, *, as_json: bool) -> None:
    r"""Print a link that signs one browser in to the console, once, within a quarter of an hour.

    Where an OpenID Connect provider is set, people sign in with that; a link works all the same, for the first day and
    for the day on which the provider does not answer.

    \b
    Example:
      coldframe console
      coldframe console --role viewer --for ana@acme.example
    """
    from integration.web.console.access.new_link import new_link  # noqa: PLC0415 - keeps --help fast

    if not name.strip():
        msg = "say whom it is for"
        raise click.BadParameter(msg, param_hint="--for")
    with installed() as (settings, store):
        link = new_link(settings, store, clock.now(), role=role, name=name.strip())
    click.echo(json.dumps({"link": link, "role": role, "for": name.strip()}) if as_json else link)
