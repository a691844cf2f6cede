"""`coldframe lanes`: into how many shards the lanes are parted that worker hosts share."""

import json

import click
from rich.console import Console

from integration.commands.shared.fitted_tables import fitted
from integration.flows.upkeep import part_lanes
from integration.store.db.shards import MOST
from integration.wiring import build
from mappings.values.instant import show

_ACTOR = "command line"


@click.group()
def lanes() -> None:
    r"""Into how many shards the work is parted, so that several worker hosts share it.

    \b
    Example:
      coldframe lanes show
      coldframe lanes shards 8
    """


@lanes.command(name="show")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def show_lanes(*, as_json: bool) -> None:
    r"""Show every shard: who works it now, and whether something waits in it.

    \b
    Example:
      coldframe lanes show
      coldframe lanes show --json
    """
    found = part_lanes.standing(build.service())
    if as_json:
        told = [
            {
                "lane": each.lane,
                "shard": each.shard.number,
                "of": each.shard.of,
                "holder": each.holder.name if each.holder else None,
                "until": show(each.holder.until) if each.holder else None,
                "waits": each.waits,
            }
            for each in found
        ]
        click.echo(json.dumps(told, indent=2))
        return
    table = fitted("lane", "shard", "worked by", "until", "waits", whole=["shard", "waits"])
    for each in found:
        holder = (each.holder.name, show(each.holder.until)) if each.holder else ("", "")
        table.add_row(each.lane, f"{each.shard.number} of {each.shard.of}", *holder, "yes" if each.waits else "")
    Console().print(table)


@lanes.command(name="shards")
@click.argument("number", type=click.IntRange(1, MOST))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a line.")
def part_into(*, number: int, as_json: bool) -> None:
    r"""Part the lanes `ingest` and `advance` into NUMBER shards, while everything runs.

    Workers need no restart. Twice as many shards as there are worker hosts keep all of them busy. Several shards need
    PostgreSQL; all hosts must run this version.

    \b
    Example:
      coldframe lanes shards 8
      coldframe lanes shards 1 --json
    """
    try:
        before = part_lanes.part(build.service(), number, actor=_ACTOR)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"shards": number, "before": before}))
    else:
        click.echo(f"ingest and advance have {number} shards each ({before} before). Workers go on by it at once.")
