"""`coldframe live`: from shadow mode to writing, after it was shown what would be written and a person agreed."""

import json
import sys
from dataclasses import dataclass
from typing import Any

import click
from rich.console import Console

from connectors.base.port import Unavailable
from integration.commands.operate.pause import named
from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.quiet_log import quiet
from integration.commands.shared.written_items import read
from integration.flows.base import history_or_live
from integration.flows.base.running_playbook import OutdatedError
from integration.flows.going_live import hot_leads as hot
from integration.flows.going_live.go_live import Limits, go_live
from integration.flows.looking.written_sums import Sums
from integration.store.events import live_since
from integration.store.events.withheld_handoffs import Shadow
from integration.store.progress import write_permission
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import show_second

_FORCED = (
    "COLDFRAME_SHADOW is set, so that this process writes nothing whatever the store says. Unset it for every process "
    "of the service, restart them, and run this again."
)
_NO_TERMINAL = "coldframe live asks before it writes: run it in a terminal, or give --yes (and --dry-run to only look)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What would happen: what would be written, and how many hot leads could be handed over."""

    sums: Sums
    hot: int
    live: str
    """Since when the service is live; "" in shadow mode."""


@click.command()
@click.option(
    "--hot-leads/--no-hot-leads",
    default=None,
    help="Hand over the MQLs whose handoff was withheld until now and whose gate holds today. Asked; no with --yes.",
)
@click.option(
    "--tasks-per-hour", type=click.IntRange(min=0), help="New tasks of a CRM in an hour, for a week; 0 for no limit."
)
@click.option(
    "--records-per-minute",
    type=click.IntRange(min=0),
    help="Records of a CRM written in a minute, for a week; 0 for no limit.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be written.")
@click.option("--yes", is_flag=True, help="Do not ask, for scripts.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def live(  # noqa: PLR0913 - what is chosen at this moment
    *,
    hot_leads: bool | None,
    tasks_per_hour: int | None,
    records_per_minute: int | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    r"""Start writing to the CRMs: show what would be written, ask, and end shadow mode for all processes.

    What fell due in the last day is written, the oldest first and so much in an hour. Tasks that fell due earlier
    lapse. The limits without an option are COLDFRAME_TASKS_PER_HOUR and COLDFRAME_LIVE_RATE.

    \b
    Example:
      coldframe live --dry-run
      coldframe live --tasks-per-hour 20
      coldframe live --yes --hot-leads --json
    """
    quiet()
    service = build.service()
    if service.going_live.shadow and not dry_run:
        raise click.ClickException(_FORCED)
    named(service, None)
    if not (yes or dry_run or _terminal()):
        raise click.UsageError(_NO_TERMINAL)
    limits = Limits(tasks_per_hour=tasks_per_hour, writes_per_minute=records_per_minute)
    found = _look(service)
    if not as_json:
        _show(found)
    if dry_run:
        _report_result(found, as_json=as_json, dry_run=True)
        return
    ask = hot_leads is None and found.hot and not yes
    hand_over = _agreed(found.hot) if ask else bool(hot_leads)
    if found.live and not limits.given and not hand_over:
        _report_result(found, as_json=as_json)
        return
    if not yes:
        click.confirm(f"Write to {' and '.join(service.connections)} from now on?", abort=True, err=True)
    lapsed = go_live(service, limits)
    handed = hot.hand_over(service) if hand_over else 0
    _report_result(found, as_json=as_json, went=True, lapsed=lapsed, handed=handed)


def _terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def _look(service: Service) -> _Found:
    """What would be written if the service went live now. ClickException where it cannot be found out."""
    now = service.now()
    with service.store.read() as conn:
        permission, began = write_permission.given(conn), live_since.shadow(conn)
        ends = Shadow() if began is None else Shadow(began=began, until=history_or_live.overdue(now))
        sums = Sums(lapsing=frozenset(live_since.lapsing(conn, ends.began, ends.until)))
    try:
        for items in read(service):
            sums.add(items)
        count = hot.count(service, ends)
    except Unavailable as away:
        msg = f"a CRM does not answer as it should: {away}. Nothing has changed; run this again."
        raise click.ClickException(msg) from None
    except OutdatedError as error:
        raise click.ClickException(str(error)) from None
    return _Found(sums=sums, hot=count, live=show_second(permission.at) if permission else "")


def _show(found: _Found) -> None:
    sums = found.sums
    table = fitted("what", "how many", whole=["how many"], title="To be written")
    table.add_row("records that change", str(sums.records))
    for title, counter in (("field", sums.fields), ("new", sums.kinds), ("tasks for", sums.owners)):
        for name, count in sorted(counter.items()):
            table.add_row(f"{title}: {name}", str(count))
    table.add_row("too old: they lapse and are not written", str(sums.lapsed))
    table.add_row("hot leads whose handoff was withheld", str(found.hot))
    Console().print(table)


def _agreed(count: int) -> bool:
    """Whether so many hot leads are to be handed over, as is answered."""
    asked = f"Hand over today's hot leads, {count} MQLs of whom sales has no task yet?"
    return click.confirm(asked, default=False, err=True)


def _report_result(  # noqa: PLR0913 - what there is to say
    found: _Found, *, as_json: bool, dry_run: bool = False, went: bool = False, lapsed: int = 0, handed: int = 0
) -> None:
    """Say what was done, to people or as one JSON object."""
    if as_json:
        sums = found.sums
        line: dict[str, Any] = {
            "live": bool(found.live) or went,
            "dry_run": dry_run,
            "records": sums.records,
            "fields": sums.fields,
            "new": sums.kinds,
            "tasks_for": sums.owners,
            "lapsed": lapsed if went else sums.lapsed,
            "hot_leads": found.hot,
            "handed_over": handed,
        }
        click.echo(json.dumps(line))
        return
    if dry_run:
        click.echo("Nothing has changed. `coldframe live` starts writing.")
    elif not went:
        click.echo(f"The service is live since {found.live} already. `coldframe shadow on` goes back to shadow mode.")
    else:
        click.echo(f"Live: the processes write from now on. {lapsed} old tasks and touches lapsed.")
        if handed:
            click.echo(f"{handed} hot leads are handed over, in the limits of going live.")
        click.echo("At any time: `coldframe pause` stops all traffic, `coldframe shadow on` stops writing.")
