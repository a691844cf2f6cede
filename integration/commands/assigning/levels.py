"""`coldframe levels`: which service levels were met and missed, by whom, and how long each party took."""

import json
from datetime import UTC, datetime

import click
from rich.console import Console

from integration.commands.assigning.levels_shown import page
from integration.commands.shared.quiet_log import quiet
from integration.flows.base.running_playbook import following
from integration.flows.levels import level_figures
from integration.flows.levels.level_figures import By, plain_run
from integration.wiring import build
from mappings.values.instant import DAY, Instant, from_datetime, show

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_WINDOW = 30


@click.command()
@click.option("--from", "since", type=_DAY, metavar="DAY", help="Began then or later.  [default: 30 days ago]")
@click.option("--to", "before", type=_DAY, metavar="DAY", help="Began before then.  [default: now]")
@click.option("--by", type=click.Choice(["clock", "person", "pool"]), default="clock", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts; times in seconds.")
def levels(since: datetime | None, before: datetime | None, by: By, *, as_json: bool) -> None:
    r"""Service levels: which were met and missed, and whose time the answers took.

    Every clock of the playbook that began in the time asked for (days in UTC): answered in time (met) or later (late),
    not answered and over (overdue), running (open), or ended without an answer in time. The time until an answer is
    split in ours (from what the lead did until the task stands in the CRM), the CRM's outages, and sales'. Missed ones
    in which sales has not had the time that was promised are counted apart.

    \b
    Example:
      coldframe levels
      coldframe levels --from 2026-01-01 --to 2026-04-01 --by person
      coldframe levels --by pool --json
    """
    quiet()
    service = following(build.service())
    now = service.now()
    begins, ends = _instant(since, now - _WINDOW * DAY), _instant(before, now)
    if ends <= begins:
        msg = "--to is not after --from"
        raise click.ClickException(msg)
    found = level_figures.levels(service, begins, ends, by)
    if as_json:
        window = {"from": show(begins), "to": show(ends), "by": by}
        rows = [each.plain() for each in found.figures]
        overdue = [plain_run(each) for each in found.overdue]
        click.echo(json.dumps({**window, "levels": rows, "overdue": overdue}, indent=2, ensure_ascii=False))
        return
    Console().print(page(found, service.rules.playbook.calendar.timezone))


def _instant(day: datetime | None, otherwise: Instant) -> Instant:
    return otherwise if day is None else from_datetime(day.replace(tzinfo=UTC))
