"""`coldframe routing`: check a file, show who gets tasks, say whose the next one would be, and who is away."""

import json
import sys
from contextlib import suppress
from typing import Any

import click
from rich.console import Console

from connectors.base.port import Unavailable
from integration.commands.assigning.routing_shown import answer, overview
from integration.commands.shared.named_files import HELP, compiled_in, print_problems
from integration.commands.shared.named_files import VARIABLE as VOCABULARY
from integration.commands.shared.quiet_log import quiet
from integration.flows.assigning.report_absence import report_absence
from integration.flows.base.running_playbook import following
from integration.flows.looking.next_assignment import UnknownLeadError, next_assignment
from integration.flows.looking.pool_standing import members
from integration.playbook.language.grammar import Unreadable, span
from integration.routing.read_people import absence
from integration.routing.read_routing import opened
from integration.routing.routing_rules import Absence
from integration.settings.alert_channels import Channel
from integration.settings.environment import SettingsError, looked_at
from integration.wiring import build
from mappings.values import emails
from mappings.values.instant import Span
from mappings.yaml_files.problems import fatal, nearest

VARIABLE = "COLDFRAME_ROUTING"
_ROLES = ("owner", "account_owner", "worked_by", "manager", "pool")
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


class Days(click.ParamType[Absence]):
    """A day, or two days with `..` between them."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Absence:
        """The absence; a mistake names the form that is wanted."""
        try:
            return value if isinstance(value, Absence) else absence(str(value))
        except Unreadable as error:
            self.fail(error.text, param, ctx)


class Length(click.ParamType[Span]):
    """A length of time such as `24h`."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Span:
        """The span; a mistake names the form that is wanted."""
        try:
            return value if isinstance(value, int) else span(str(value))
        except Unreadable as error:
            self.fail(error.text, param, ctx)


@click.group()
def routing() -> None:
    r"""Who gets the tasks: pools and whose turn it is, who is away or full, and why.

    The file is named by COLDFRAME_ROUTING (docs/routing.md).

    \b
    Example:
      coldframe routing check routing.yaml
      coldframe routing test ana@acme.example
    """


@routing.command()
@click.argument("file", required=False, envvar=VARIABLE)
@click.option("--playbook", metavar="NAME|FILE", envvar="COLDFRAME_PLAYBOOK", default="standard", show_default=True)
@click.option("--vocabulary", metavar="FILE", envvar=VOCABULARY, help=HELP)
@_AS_JSON
def check(file: str | None, playbook: str, vocabulary: str | None, *, as_json: bool) -> None:
    r"""Check a routing file (FILE, or the one in use): every mistake with its line, column and the nearest name.

    Conditions may use the fields, tracks and lists of the playbook, and alerts the channels of the settings. Exit
    status 1 where the file cannot be used; warnings alone are 0.

    \b
    Example:
      coldframe routing check routing.yaml
      routing.yaml:9:24: unknown pool 'emae' (did you mean 'emea'?)
    """
    if not file:
        msg = f"no file: name one, or set {VARIABLE}"
        raise click.ClickException(msg)
    channels: tuple[Channel, ...] | None = None
    with suppress(SettingsError):  # `coldframe doctor` says what is wrong with them; names of channels are not checked
        channels = looked_at().channels
    found, problems = opened(file, compiled_in(vocabulary, playbook), channels)
    print_problems(problems, as_json=as_json)
    if fatal(problems) or found is None:
        sys.exit(1)
    if not as_json:
        click.echo(f"{file}: fine" + (f", {len(problems)} warnings" if problems else ""))


@routing.command()
@_AS_JSON
def show(*, as_json: bool) -> None:
    r"""Show everybody in a pool: weight, open tasks, tasks of today, and whether they may get one, or why not.

    \b
    Example:
      coldframe routing show
      coldframe routing show --json
    """
    quiet()
    service = following(build.service())
    rows = members(service)
    if as_json:
        click.echo(json.dumps([each.plain() for each in rows], indent=2, ensure_ascii=False))
        return
    if not service.routing.pools:
        click.echo(f"There are no pools: owners get the tasks. {VARIABLE} names a file (docs/routing.md).")
        return
    Console().print(overview(service.routing, rows))


@routing.command()
@click.argument("record")
@click.option("--role", type=click.Choice(_ROLES), default="owner", show_default=True, help="As the playbook says it.")
@click.option("--due", "within", type=Length(), default="24h", show_default=True, help="When the task is due.")
@_AS_JSON
def test(record: str, role: str, within: Span, *, as_json: bool) -> None:
    r"""Say who would get a task about a lead now, by which rule, and who is passed over and why.

    RECORD is an e-mail address, our id, a CRM record's id, or connection:object:id. No task is made, nobody's turn is
    taken, and nothing is written to a CRM.

    \b
    Example:
      coldframe routing test ana@acme.example
      coldframe routing test salesforce:Lead:00Q5g00000AbCdE --role manager --json
    """
    quiet()
    service = following(build.service())
    try:
        lead, found = next_assignment(service, record, role, within)
    except (UnknownLeadError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    except Unavailable as away:
        msg = f"a CRM does not answer as it should: {away}. Run this again."
        raise click.ClickException(msg) from None
    if as_json:
        click.echo(json.dumps(answer(lead, found), indent=2, ensure_ascii=False))
        return
    said = (
        f"{found.name or found.email or found.user} in {found.connection}" if found.user else "nobody: the task waits"
    )
    click.echo(f"{said} ({found.because or found.waits.replace('_', ' ')})")
    for who, why in found.passed_over:
        click.echo(f"  passed over: {who} {why}")
    if found.remedy:
        click.echo(f"  remedy: {found.remedy}")


@routing.command()
@click.argument("person")
@click.argument("days", type=Days(), required=False, metavar="FROM..TO")
@click.option("--back", is_flag=True, help="They are back: forget what was reported before.")
@_AS_JSON
def away(person: str, days: Absence | None, *, back: bool, as_json: bool) -> None:
    r"""Report somebody away, both days included: pools give them nothing, from the next task on.

    What the file says of them stays. Without days, say when they are reported away.

    \b
    Example:
      coldframe routing away nadia@acme.example 2026-12-20..2027-01-03
      coldframe routing away nadia@acme.example --back
    """
    quiet()
    service = following(build.service())
    email, known = emails.normal(person), service.routing.mentioned()
    if email is None or email not in known:
        msg = f"nobody in the routing file is called {person!r}{nearest(person, known)}"
        raise click.ClickException(msg)
    found = report_absence(service, email, days, back=back, actor="command line")
    if as_json:
        click.echo(json.dumps({"person": email, "away": found}, indent=2))
        return
    click.echo(f"{email}: {'away ' + ', '.join(found) if found else 'not reported away'}")
