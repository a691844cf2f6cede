"""`coldframe connect`: sign in to a CRM, see who is signed in, and forget a connection."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from connectors import vendors
from connectors.shared.vendor import Detail, Vendor
from integration.commands.connecting.connect_here import connect_here
from integration.commands.connecting.connect_output import Output
from integration.commands.connecting.connect_public import connect_publicly
from integration.commands.connecting.connect_request import asked_for, called
from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.installation import installed
from integration.examining.ways_to_connect import how_to_connect
from integration.signin.loopback_callback import PORT
from integration.signin.sign_in_request import mistakes
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.crm import connection_pauses, connections
from integration.wiring import clock, connection_names
from integration.wiring.connection_names import Known
from mappings.values.identifiers import ConnectionName, System
from mappings.values.instant import show_second


class _Systems(click.Group):
    """The commands below, and one for each CRM that is installed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The CRMs first."""
        return [*sorted(vendors.systems()), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """What signs in to a CRM, as it has declared."""
        found = vendors.by_system().get(System(cmd_name))
        return _command(found) if found else super().get_command(ctx, cmd_name)


@click.group(cls=_Systems)
def connect() -> None:
    r"""Sign in to a CRM. Tokens are kept encrypted, and renewed as they expire.

    \b
    Example:
      coldframe connect hubspot --client-id 7b1f…
      coldframe connect salesforce --client-id 3MVG… --login-url https://acme.my.salesforce.com
      coldframe connect hubspot --client-id 7b1f… --public
      coldframe connect list
    """


def _command(vendor: Vendor) -> click.Command:
    rules = vendor.sign_in
    grants = [each.replace("_", "-") for each in rules.grants]
    options = [
        click.Option(["--name"], default="", help="A name for it, where you connect several.  [default: the system's]"),
        click.Option(["--client-id"], default="", help=rules.client_id),
        click.Option(["--secret-stdin"], is_flag=True, help="Read the client secret (or token) from standard input."),
        click.Option(["--port"], default=PORT, show_default=True, help="Port of the redirect on this machine."),
        click.Option(
            ["--redirect-host"],
            type=click.Choice(["localhost", "127.0.0.1"]),
            default="localhost",
            show_default=True,
            help="How the redirect address names this machine.",
        ),
        click.Option(["--wait"], default=300.0, show_default=True, help="Seconds to wait for a yes in the browser."),
        click.Option(["--no-browser"], is_flag=True, help="Print the address, and open no browser."),
        click.Option(
            ["--public"],
            is_flag=True,
            help="Print a link for any browser, good once, for 15 minutes; the answer comes to COLDFRAME_PUBLIC_URL.",
        ),
        click.Option(["--no-wait"], is_flag=True, help="With --public: print the link, and do not wait for the end."),
        click.Option(
            ["--json", "as_json"], is_flag=True, help="One JSON object a line: where to sign in, then who did."
        ),
        click.Option(["--api-url"], default="", metavar="URL", help="Only for a sandbox: its address."),
        click.Option(
            ["--grant"], type=click.Choice(grants), default=grants[0], show_default=True, help=rules.grants_help
        ),
        *map(_option, rules.details),
    ]

    def run(**options: Any) -> None:
        _connect(vendor, options)

    return click.Command(vendor.system, params=list(options), callback=run, help=rules.help.replace("\\b\n", "\b\n"))


def _option(detail: Detail) -> click.Option:
    """An option under the name of the detail, which may be another than that of the option."""
    kind = click.Path(path_type=Path) if detail.name == "private_key" else click.STRING
    default = None if detail.name == "private_key" else ""
    metavar = None if detail.metavar == "FILE" else detail.metavar
    return click.Option([detail.option, detail.name], default=default, type=kind, metavar=metavar, help=detail.help)


@connect.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_connections(*, as_json: bool) -> None:
    r"""Every connection, who is signed in, and until when. Never a token.

    \b
    Example:
      coldframe connect list --json
    """
    with installed() as (settings, store):
        found = connection_names.known(settings, store)
    rows = [_plain(each) for each in found]
    if as_json:
        for row in rows:
            click.echo(json.dumps(row))
        return
    table = fitted("name", "system", "grant", "account", "user", "token until", "state", whole=["token until"])
    for row in rows:
        table.add_row(*(escape(str(row[key] or "-")) for key in _SHOWN))
    Console().print(table if rows else f"Nothing is connected: {how_to_connect()}")


@connect.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, *, yes: bool) -> None:
    r"""Forget a connection and its tokens. What waits for it waits on; nothing in the CRM is touched.

    \b
    Example:
      coldframe connect remove hubspot
    """
    if not yes:
        click.confirm(f"Forget how to sign in to {name}?", abort=True, err=True)
    with installed() as (_, store), store.write() as conn:
        if not connections.drop(conn, ConnectionName(name)):
            msg = f"nobody is signed in under the name {name}: see coldframe connect list"
            raise click.ClickException(msg)
        connection_pauses.signed_in(conn, ConnectionName(name), clock.now())
        audit_trail.add(conn, [Entry(at=clock.now(), actor="cli", action="disconnect", subject=name)])
    click.echo(f"{name} is forgotten here. Take the app's access away in the CRM too.")


_SHOWN = ("name", "system", "grant", "account", "user", "expires", "state")


def _plain(each: Known) -> dict[str, Any]:
    row = each.row
    if row is None:
        grant, state = "token", "live"
        return dict.fromkeys(_SHOWN, "") | {
            "name": each.name,
            "system": each.system,
            "grant": f"{grant} (environment)",
            "state": state,
        }
    return {
        "name": each.name,
        "system": each.system,
        "grant": row.grant.replace("_", "-"),
        "account": row.details.account,
        "user": row.details.user,
        "expires": show_second(row.expires_at) if row.expires_at else "",
        "state": row.state + (f": {row.reason}" if row.reason else ""),
    }


def _connect(vendor: Vendor, options: dict[str, Any]) -> None:
    with installed() as (settings, store):
        with store.read() as conn:
            row = connections.get(conn, called(vendor.system, options))
        request = asked_for(vendor, options, settings, row)
        wrong = [*mistakes(request, row), *_unfit(options)]
        if wrong:
            raise click.UsageError("\n".join(wrong))
        output = Output(as_json=options["as_json"])
        if options["public"]:
            connect_publicly(request, settings, store, output, wait=not options["no_wait"])
        else:
            connect_here(request, settings, store, output, options)


def _unfit(options: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the options together."""
    if options["public"] and options["grant"] != "authorization-code":
        yield "--public is for a person's yes in a browser, which --grant authorization-code alone asks for"
    if options["no_wait"] and not options["public"]:
        yield "--no-wait goes with --public: the redirect on this machine has to be waited for"
