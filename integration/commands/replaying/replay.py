"""`coldframe replay`: run a playbook on a file of history, as the service would have run it [rules: replay]."""

import os
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import click

from integration.commands.replaying import replay_shown
from integration.commands.replaying.history_file.replay_lines import NO_CALENDAR, Unreadable
from integration.commands.replaying.replay_run import Replay
from integration.commands.shared.named_files import HELP, VARIABLE, compiled_in
from mappings.values.instant import Instant, parse

_SHOWN = 50
"""So many lines that count for nothing are named."""
_IN_MEMORY = 8_000_000
"""Bytes of standard input kept in memory before they go to a temporary file."""


class _Time(click.ParamType[Instant]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Instant:
        """An instant from ISO 8601 with a zone."""
        try:
            at = parse(str(value))
        except (ValueError, OverflowError) as wrong:
            self.fail(f"{wrong}: write 2026-01-05T09:00:00Z", param, ctx)
        if at >= NO_CALENDAR:
            self.fail(f"{value}: no calendar goes as far as that time", param, ctx)
        return at


@click.command()
@click.option("--playbook", required=True, metavar="NAME|FILE", help="A shipped playbook, or a file.")
@click.option(
    "--events",
    required=True,
    metavar="FILE|-",
    help="JSON lines: accounts, leads, activities, in any order; `received_at` says when one was received.",
)
@click.option("--vocabulary", metavar="FILE", envvar=VARIABLE, help=HELP)
@click.option("--until", type=_Time(), help="Stop there (default: the last event's time, or receipt).")
@click.option("--format", "form", type=click.Choice(["jsonl", "table"]), default="jsonl", show_default=True)
def replay(playbook: str, events: str, vocabulary: str | None, until: Instant | None, form: str) -> None:
    r"""Run a playbook on a file of history: every stage, task and touch, then where each lead stands and why.

    Lines that count for nothing (dated before 2000, a second content of an id) and words that mean nothing here (a
    misspelt type, outcome or property) are shown on standard error, with their line and the nearest right word.

    \b
    Example:
      coldframe replay --playbook standard --events history.jsonl --until 2026-03-01T00:00:00Z
      coldframe replay --playbook ours.yaml --vocabulary words.yaml --events - --format table < history.jsonl
    """
    compiled = compiled_in(vocabulary, playbook)
    name = "<stdin>" if events == "-" else events
    try:
        with _opened(events) as file:
            outcome = Replay(compiled, file, name, until)
        with closing(outcome):
            _warn(outcome.warnings)
            for line in outcome.words.lines(name):
                click.echo(line, err=True)
            _print(outcome, form)
    except Unreadable as wrong:
        click.echo(str(wrong), err=True)
        raise SystemExit(2) from None
    except BrokenPipeError:
        # Whoever read the output has had enough; Python would complain once more while shutting down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _opened(events: str) -> IO[bytes]:
    """The events as a file that can be read twice; standard input and pipes are copied into one."""
    if events == "-":
        return _copied(sys.stdin.buffer)
    try:
        file = Path(events).open("rb")  # noqa: SIM115 - the caller closes it
        if file.seekable():
            return file
        with file:
            return _copied(file)
    except OSError as wrong:
        message = f"{events}: {wrong.strerror}"
        raise Unreadable(message) from None


def _copied(source: IO[bytes]) -> IO[bytes]:
    spool: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    while block := source.read(1 << 20):
        spool.write(block)
    spool.seek(0)
    return spool


def _warn(warnings: Sequence[str]) -> None:
    """Say on standard error which lines count for nothing."""
    for each in warnings[:_SHOWN]:
        click.echo(each, err=True)
    if len(warnings) > _SHOWN:
        click.echo(f"and {len(warnings) - _SHOWN:,} more lines that count for nothing", err=True)


def _print(outcome: Replay, form: str) -> None:
    """Print every effect, then every lead."""
    effects = (line for *_, line in outcome.effects)
    leads = (line for _, line in outcome.leads)
    if form == "table":
        replay_shown.print_tables(effects, leads)
        return
    out = sys.stdout.buffer
    for line in effects:
        out.write(line + b"\n")
    for line in leads:
        out.write(line + b"\n")
    out.flush()
