"""`coldframe backtest`: what a playbook would have done to the leads of the past, compared with another one."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from integration.backtest.backtest_page import page
from integration.backtest.side_by_side import Comparison
from integration.commands.backtesting.backtest_run import as_records, run
from integration.commands.backtesting.backtest_tables import tables
from integration.commands.replaying.history_file.replay_contents import Ids, losers
from integration.commands.replaying.history_file.replay_dealing import beyond
from integration.commands.replaying.history_file.replay_lines import ACTIVITY, Record, Unreadable, line_of, numbered
from integration.core.compiled.context import Unfoldable
from integration.core.rules.playbook_rules import Playbook
from integration.flows.history.stored_history import recorded
from integration.flows.looking.plain_values import plain
from integration.playbook.compiling.compiler import load
from integration.store.crm import crm_users
from integration.store.db.session import Store
from integration.wiring import build
from mappings.values.instant import DAY


@click.command()
@click.option("--playbook", "name", required=True, metavar="NAME|FILE", help="The playbook to try (A).")
@click.option("--against", required=True, metavar="NAME|FILE", help="The one to compare it with (B).")
@click.option("--events", type=click.Path(dir_okay=False), metavar="FILE", help="History, as `replay` reads it.")
@click.option("--store", "from_store", is_flag=True, help="The history that this service has stored; only read.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also write a page.")
def backtest(  # noqa: PLR0913 - the options of the command
    *, name: str, against: str, events: str | None, from_store: bool, as_json: bool, html: Path | None
) -> None:
    r"""Compare two playbooks over the same history, before one of them goes live.

    Shows who would have become an MQL under one and not under the other, what everybody would have had to do each
    day, and, where leads were won or lost, how many of the won each gate would have let through.

    \b
    Example:
      coldframe backtest --playbook ours.yaml --against standard --events history.jsonl --html meeting.html
      coldframe backtest --playbook behavioural --against standard --store --json
    """
    if (events is None) == (not from_store):
        msg = "give either --events FILE or --store"
        raise click.UsageError(msg)
    a, b = _playbook(name), _playbook(against)
    try:
        found = run(_file(events), a, b) if events is not None else _stored(a, b)
    except Unreadable as wrong:
        click.echo(str(wrong), err=True)
        sys.exit(2)
    except Unfoldable as wrong:
        place = f"{events}:{_line(events, wrong)}: " if events is not None else ""
        click.echo(f"{place}{wrong.lead!r} cannot be carried on from here ({wrong})", err=True)
        sys.exit(2)
    if found is None:
        msg = "there is no history to try the playbooks on"
        raise click.ClickException(msg)
    _show(found, as_json=as_json, html=html)


def _playbook(name: str) -> Playbook:
    playbook, problems = load(name)
    for problem in problems:
        click.echo(f"{problem}" if problem.severity == "error" else f"{problem} (warning)", err=True)
    if playbook is None:
        sys.exit(2)
    return playbook


def _file(name: str) -> Iterator[Record]:
    """A file's records but for those that replay leaves out: beyond a bound, or a second content of an id."""
    try:
        with Path(name).open("rb") as file:
            ids = Ids()
            for number, received, record in numbered(file, name):
                if record[1] == ACTIVITY and beyond(record, received) is None:
                    ids.add(record[2], number)
            shared = ids.shared()
            others = losers(file, shared) if shared else {}
            file.seek(0)
            for number, received, record in numbered(file, name):
                if number not in others and beyond(record, received) is None:
                    yield record
    except OSError as wrong:
        raise Unreadable(f"{name}: {wrong.strerror}") from None  # noqa: EM102, TRY003 - the message is the value


def _line(name: str, wrong: Unfoldable) -> int:
    with Path(name).open("rb") as file:
        return line_of(file, wrong.lead, wrong.event)


def _stored(a: Playbook, b: Playbook) -> Comparison | None:
    store = Store.open(build.settings().database_url.get_secret_value())
    try:
        owners = build.ownership(build.settings(), store)
        with store.read() as conn:
            records: Iterable[Record] = as_records(recorded(conn, owners))
            return run(records, a, b, crm_users.names(conn))
    finally:
        store.dispose()


def _show(found: Comparison, *, as_json: bool, html: Path | None) -> None:
    if html is not None:
        try:
            html.write_text(page(found), encoding="utf-8")
        except OSError as wrong:
            msg = f"{html} cannot be written: {wrong.strerror}"
            raise click.ClickException(msg) from None
    if as_json:
        click.echo(json.dumps(_as_json(found), indent=2, ensure_ascii=False))
        return
    Console().print(tables(found))
    if html is not None:
        click.echo(f"\n{html} written.")


def _as_json(found: Comparison) -> dict[str, Any]:
    """The comparison for scripts: spans in days, ratios beside the counts they come from."""
    told: dict[str, Any] = plain(found)
    for name, side in (("a", found.a), ("b", found.b)):
        told[name].pop("median")
        told[name]["median_days"] = None if side.median is None else side.median / DAY
        if side.gate is not None:
            told[name]["gate"] |= {
                kind: {"count": ratio.count, "of": ratio.of, "share": ratio.share}
                for kind, ratio in (
                    ("precision", side.gate.precision),
                    ("precision_decided", side.gate.precision_decided),
                    ("recall", side.gate.recall),
                )
            }
    return told
