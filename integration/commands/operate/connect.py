"""`coldframe connect`: sign in to a CRM, see who is signed in, and forget a connection."""

import json
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connectors import vendors
from connectors.base.port import Unavailable
from connectors.shared.vendor import Detail, Vendor
from integration.commands.shared.installation import installed
from integration.commands.shared.system_argument import how_to_connect
from integration.settings.environment import Settings
from integration.signin import sign_in as signing
from integration.signin.loopback_callback import NotSignedInError
from integration.signin.sign_in import SignInRequest, Walk
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.crm import connection_pauses, connections
from integration.store.crm.connections import Details, GrantKind, Row, Secrets
from integration.store.db.session import Store
from integration.wiring import clock, connection_names
from integration.wiring.connection_names import Known
from mappings.values.identifiers import ConnectionName, System, first_of
from mappings.values.instant import show

PORT = 8723


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
    table = Table(box=None, header_style="bold")
    for title in ("name", "system", "grant", "account", "user", "token until", "state"):
        table.add_column(title, overflow="fold")
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
        connection_pauses.signed_in(conn, ConnectionName(name))
        audit_trail.add(conn, [Entry(at=clock.now(), actor="cli", action="disconnect", subject=name)])
    click.echo(f"{name} is forgotten here. Take the app's access away in the CRM too, and restart the workers.")


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
        "expires": show(row.expires_at) if row.expires_at else "",
        "state": row.state + (f": {row.reason}" if row.reason else ""),
    }


def _called(system: System, options: dict[str, Any]) -> ConnectionName:
    """The name that was asked for, else the system's."""
    return ConnectionName(options["name"]) if options["name"] else first_of(system)


def _connect(vendor: Vendor, options: dict[str, Any]) -> None:
    system = vendor.system
    with installed() as (settings, store):
        with store.read() as conn:
            row = connections.get(conn, _called(system, options))
        request = _request(vendor, options, settings, row)
        wrong = signing.mistakes(request, row)
        if wrong:
            raise click.UsageError("\n".join(wrong))
        walk = Walk(
            show=_shower(browser=not options["no_browser"]),
            port=options["port"],
            host=options["redirect_host"],
            wait=options["wait"],
        )
        try:
            details = signing.sign_in(request, walk, settings, store, clock.now)
        except Unavailable as fault:
            said = signing.refusal_words(fault)
            msg = f"{system} gives no token: {said}. Correct it and run this again (docs/connecting.md)."
            raise click.ClickException(msg) from None
        except (NotSignedInError, ValueError) as error:
            raise click.ClickException(str(error)) from None
        _tell(request, details, settings, store)


def _tell(request: SignInRequest, details: Details, settings: Settings, store: Store) -> None:
    account = f" (account {details.account})" if details.account else ""
    click.echo(f"Signed in to {request.system}{account}; kept encrypted as '{request.name}'.")
    if request.name in map(first_of, connection_names.environments(settings)):
        click.echo(
            f"{vendors.vendor(request.system).token} is not used from now on: this sign-in goes before it. Unset it."
        )
    try:
        person = signing.tried(request.name, settings, store)
    except Unavailable as fault:
        msg = f"the first call was refused: {signing.refusal_words(fault)}. See coldframe doctor, then run this again."
        raise click.ClickException(msg) from None
    which = "" if request.name == first_of(request.system) else f" --connection {request.name}"
    click.echo(f"One call worked: {person} was described. Next:")
    click.echo(f"  coldframe provision {request.system}{which} --dry-run    the fields it will need")
    click.echo("  coldframe doctor                          what is still missing")
    click.echo("  restart the workers (or coldframe up)     they look for new connections when they start")


def _request(vendor: Vendor, options: dict[str, Any], settings: Settings, row: Row | None) -> SignInRequest:
    """The request, from the options, the environment, an earlier sign-in and the person, in that order."""
    name, rules = _called(vendor.system, options), vendor.sign_in
    grant = cast("GrantKind", options["grant"].replace("-", "_"))
    key_file = options.get("private_key")
    request = SignInRequest(
        name=name,
        system=vendor.system,
        grant=grant,
        details=Details(
            client_id=options["client_id"],
            login_url=options.get("login_url", "").rstrip("/"),
            instance_url=options.get("instance_url", "").rstrip("/"),
            api_url=options["api_url"].rstrip("/"),
            user=options.get("user", ""),
        ),
        secrets=Secrets(private_key=_read(key_file) if key_file else ""),
    )
    given = sys.stdin.readline().strip() if options["secret_stdin"] else ""
    if grant == "token":
        request = signing.remembered(_with(request, access_token=given or _asked("Access token")), row, settings)
        return _with_webhook_secret(request, options) if rules.signs_webhooks else request
    if grant == "jwt_bearer":
        return signing.remembered(request, row, settings)
    known = given or (settings.given.text(rules.secret) if rules.secret else "")
    request = signing.remembered(_with(request, client_secret=known), row, settings)
    if request.secrets.client_secret or not request.details.client_id:
        return request
    return _with(request, client_secret=_asked("Client secret", optional=rules.public))


def _with_webhook_secret(request: SignInRequest, options: dict[str, Any]) -> SignInRequest:
    """A plain token comes without the secret of the app that sends the webhooks: the next line, or typed."""
    given = sys.stdin.readline().strip() if options["secret_stdin"] else ""
    asked = given or (
        ""
        if request.secrets.client_secret
        else _asked("Client secret of the app that sends the webhooks", optional=True)
    )
    return _with(request, client_secret=asked or request.secrets.client_secret)


def _with(request: SignInRequest, **secrets: str) -> SignInRequest:
    return replace(request, secrets=replace(request.secrets, **secrets))


def _asked(what: str, *, optional: bool = False) -> str:
    """Typed unseen; never where nobody can type."""
    if not sys.stdin.isatty():
        return ""
    more = " (empty for none)" if optional else ""
    return str(click.prompt(f"{what}{more}", hide_input=True, default="" if optional else None, show_default=False))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not PEM text'}"
        raise click.UsageError(msg) from None


def _graphical() -> bool:
    """Whether there is a browser that does not take this terminal."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return False
    return type(found) is not webbrowser.GenericBrowser  # lynx, w3m and their like; its subclasses have windows


def _shower(*, browser: bool) -> Callable[[str, str], None]:
    def shown(address: str, redirect: str) -> None:
        click.echo(f"The app must have this redirect URL registered: {redirect}")
        click.echo(f"Open this page and say yes:\n\n  {address}\n")
        if browser and _graphical():
            webbrowser.open(address)

    return shown
