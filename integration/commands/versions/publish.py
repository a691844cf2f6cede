"""`coldframe publish` and `coldframe rollback`: other rules for an installation that runs, after a look at them."""

import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from connectors.base.port import Unavailable
from integration.commands.shared.progress_columns import COUNTED
from integration.commands.shared.quiet_log import quiet
from integration.commands.versions import proposed_files
from integration.commands.versions.impact_shown import mapping_tables, tables
from integration.flows.base.running_playbook import OutdatedError, published
from integration.flows.publishing import put_in_force as flow
from integration.flows.publishing.impact import Impact
from integration.flows.publishing.plain_impact import plain, plain_mapping
from integration.flows.publishing.proposal_impact import impact_of, reread_by, unchanged
from integration.flows.publishing.proposals import Proposal
from integration.flows.publishing.put_in_force import OvertakenError
from integration.flows.publishing.rereading import Reread
from integration.playbook.reading import library
from integration.store.events.playbook_versions import Terms, Version, What
from integration.wiring import build
from integration.wiring.whole_service import Service

_OPTIONS = (
    click.option("--reason", required=True, help="Why: it is kept with the version and in the audit trail."),
    click.option("--author", default="", help="Who publishes it.  [default: the user of this machine]"),
    click.option("--dry-run", is_flag=True, help="Show what it would do, and change nothing."),
    click.option("--yes", is_flag=True, help="Publish without asking."),
    click.option(
        "--tasks-per-hour",
        type=click.IntRange(0),
        help="Hand over at most so many of those who pass the gate now; 0 for all at once.  "
        "[default: COLDFRAME_TASKS_PER_HOUR]",
    ),
    click.option("--quiet", is_flag=True, help="Hand over nobody of those who pass the gate now."),
    click.option("--wait", is_flag=True, help="Stay until the workers have derived everybody anew."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts; publishes only with --yes."),
)
"""What everything that publishes is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to publish, as it was said on the command line."""

    reason: str
    author: str
    quiet: bool
    tasks_per_hour: int | None
    dry_run: bool
    yes: bool
    wait: bool
    as_json: bool

    def terms(self, what: What) -> Terms:
        """Who publishes what, why, and how fast leads are handed over."""
        return Terms(
            author=self.author or _user(),
            reason=self.reason.strip(),
            what=what,
            quiet=self.quiet,
            tasks_per_hour=self.tasks_per_hour,
        )


def _publishing(command: Callable[..., None]) -> Callable[..., None]:
    """A command that publishes: it gets the Options, and what click has read besides."""
    names = [each.name for each in fields(Options)]

    @wraps(command)
    def run(**given: Any) -> None:
        command(options=Options(**{name: given.pop(name) for name in names}), **given)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run


@click.group()
def publish() -> None:
    r"""Put another playbook, vocabulary, field mapping or routing in force while everything runs.

    First it shows what would happen to today's leads: who changes band, segment, stage or track, and which tasks would
    follow for whom. Then it asks. The workers derive everybody anew, while new activities go on being decided.

    \b
    Example:
      coldframe publish playbook ours.yaml --reason "a lower gate" --dry-run
      coldframe publish vocabulary words.yaml --reason "our webinar tool"
      coldframe publish mapping hubspot.yaml --reason "the portal's own field for the source"
      coldframe publish routing routing.yaml --reason "Joaquim joins the pool"
    """


@publish.command(name="playbook")
@click.argument("file")
@_publishing
def playbook_(file: str, *, options: Options) -> None:
    r"""Put a playbook in force: a FILE, or a shipped one by its name.

    \b
    Example:
      coldframe publish playbook ours.yaml --reason "a lower gate"
      coldframe publish playbook behavioural --reason "a trial" --tasks-per-hour 20 --yes
    """
    service = _service()
    named = build.settings().playbook
    if _publish(service, proposed_files.of_playbook(service, file), options) and named not in library.names():
        _remind(f"COLDFRAME_PLAYBOOK names {named}")


@publish.command(name="vocabulary")
@click.argument("file")
@_publishing
def vocabulary_(file: str, *, options: Options) -> None:
    r"""Put a vocabulary in force: your own words, what is recognised, what machines do.

    A word that the playbook in force or a mapping uses cannot be taken away: the place where it is used is named.

    \b
    Example:
      coldframe publish vocabulary words.yaml --reason "our webinar tool"
    """
    service = _service()
    _publish(service, proposed_files.of_vocabulary(service, file), options)


@publish.command(name="mapping")
@click.argument("file")
@click.option("--connection", metavar="NAME", help="For this connection alone.  [default: all of the file's system]")
@_publishing
def mapping_(file: str, connection: str | None, *, options: Options) -> None:
    r"""Put a field mapping in force: which of a CRM's fields are read as what, and which are written.

    First every record that was read before is looked at in the CRM: which fields would say something else, who moves by
    it, what would be written. A field that the CRM does not have is refused: see coldframe provision. The workers then
    read the records anew, after whatever else is to be read.

    \b
    Example:
      coldframe publish mapping hubspot.yaml --reason "the portal's own field for the source" --dry-run
      coldframe publish mapping emea.yaml --connection hubspot-emea --reason "their own phases"
    """
    service = _service()
    proposal = proposed_files.of_mapping(service, file, connection)
    named = [each.name for each in proposal.connections.values() if each.of_file]
    if _publish(service, proposal, options) and named:
        _remind(f"Settings name a mapping file for {' and '.join(named)}")


@publish.command(name="routing")
@click.argument("file")
@_publishing
def routing_(file: str, *, options: Options) -> None:
    r"""Put a routing in force: who gets the tasks from the next one on. Tasks that somebody has stay where they are.

    \b
    Example:
      coldframe publish routing routing.yaml --reason "Joaquim joins the pool"
    """
    service = _service()
    if _publish(service, proposed_files.of_routing(service, file), options) and build.settings().routing:
        _remind("COLDFRAME_ROUTING names a file")


@click.command()
@click.argument("number", required=False, type=int)
@_publishing
def rollback(number: int | None, *, options: Options) -> None:
    r"""Put a former version in force again, as a new one; without NUMBER, the one before.

    \b
    Example:
      coldframe rollback --reason "too many tasks"
      coldframe rollback 3 --reason "as before the trial" --dry-run
    """
    service = _service()
    former = flow.former(service, number)
    if former is None:
        which = "version before this one" if number is None else f"version {number}"
        msg = f"there is no {which}; coldframe versions lists them"
        raise click.ClickException(msg)
    _publish(service, proposed_files.of_version(service, former.number, former.what), options)


def _service() -> Service:
    quiet()
    try:
        return published(build.service())
    except OutdatedError as error:
        raise click.ClickException(str(error)) from None


def _publish(service: Service, proposal: Proposal, options: Options) -> bool:
    """Show what it would do, ask, publish, and say how far the derivation has come; whether it was published."""
    if not options.reason.strip():
        msg = "say why: it stands in the list of versions"
        raise click.BadParameter(msg, param_hint="--reason")
    terms = options.terms(proposal.what)
    if proposal.over is not None and unchanged(service, proposal):
        _say(options, {"unchanged": proposal.over}, f"Version {proposal.over}, which is in force, says the same.")
        return False
    try:
        read = _reread(service, proposal)
    except Unavailable as away:
        msg = f"the records could not be read: {away}"
        raise click.ClickException(msg) from None
    found = _impact(service, proposal, terms, read)
    if not options.as_json:
        for table in (*tables(found, terms, proposal.number), *(mapping_tables(read) if read else ())):
            Console().print(table)
    shown = {**plain(found), **(plain_mapping(read) if read else {})}
    if options.dry_run or not _agreed(options, proposal):
        _say(options, {"impact": shown, "published": None}, "Nothing was changed.")
        return False
    try:
        version = flow.publish(service, proposal.compiled, proposal.said, terms, over=proposal.over)
    except OvertakenError as error:
        raise click.ClickException(str(error)) from None
    if options.wait:
        _watch(service, version, found.leads)
    said = f"Version {version.number} is in force. The workers derive {found.leads} leads anew"
    said += "." if not options.wait else ": done."
    if read is not None:
        said += f" Their {read.records} records are read again."
    _say(options, {"impact": shown, "published": version.number}, said)
    return True


def _agreed(options: Options, proposal: Proposal) -> bool:
    if options.yes or options.as_json:
        return options.yes
    if not sys.stdin.isatty():
        msg = "nobody is here to ask: say --yes to publish, or --dry-run to look only"
        raise click.ClickException(msg)
    return click.confirm(f"Publish this as version {proposal.number}?")


def _reread(service: Service, proposal: Proposal) -> Reread | None:
    with Progress(*COUNTED, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("reading the CRM's records", total=None)
        return reread_by(service, proposal, lambda done: progress.update(bar, completed=done))


def _impact(service: Service, proposal: Proposal, terms: Terms, read: Reread | None) -> Impact:
    with Progress(*COUNTED, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("deriving today's leads", total=None)
        return impact_of(
            service, proposal, terms, lambda done, total: progress.update(bar, completed=done, total=total), read
        )


def _watch(service: Service, version: Version, total: int) -> None:
    with Progress(*COUNTED, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("the workers derive everybody", total=total)
        flow.watch(service, version.number, lambda left: progress.update(bar, completed=total - left))


def _remind(named: str) -> None:
    """Say that a file which settings name is published again by the next start."""
    click.echo(
        f"{named}: the next start publishes that file again where it differs. Change the file too, or unset the "
        "variable.",
        err=True,
    )


def _say(options: Options, plain_: dict[str, object], words: str) -> None:
    click.echo(json.dumps(plain_, indent=2) if options.as_json else words)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        return "command line"
