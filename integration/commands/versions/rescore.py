"""`coldframe rescore`: everybody's scores worked out anew from the whole history, compared with where they stand."""

import getpass
import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from multiprocessing.context import ForkProcess
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from integration.commands.shared.fitted_tables import fitted
from integration.commands.shared.progress_columns import COUNTED
from integration.commands.shared.quiet_log import quiet
from integration.flows.bulk import rescoring as flow
from integration.flows.bulk.rescoring import NothingInForceError
from integration.store.people import lead_scores
from integration.store.progress import bulk_runs
from integration.store.progress.bulk_runs import Result, Run
from integration.wiring import build
from integration.wiring.whole_service import Service
from mappings.values.instant import show_second

_LOOK_SECONDS = 0.2


@click.command()
@click.option("--processes", type=click.IntRange(0), help="Processes on this machine.  [default: its processors]")
@click.option("--mend", is_flag=True, help="Have leads that stand otherwise derived anew by the workers.")
@click.option("--status", is_flag=True, help="Show how far the last run is, or how it ended, and begin none.")
@click.option("--author", default="", help="Who asks for it.  [default: the user of this machine]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def rescore(*, processes: int | None, mend: bool, status: bool, author: str, as_json: bool) -> None:
    r"""Work out everybody's scores anew, from everything that ever happened, and compare with where they stand.

    The leads are divided into parts; processes of this command take them, and so do the workers of other machines on
    the same database, while new activities go on being decided. What is interrupted goes on where it was, by the
    workers or by the next `coldframe rescore`. Exit status 1 where somebody stands otherwise or cannot be scored.

    \b
    Example:
      coldframe rescore
      coldframe rescore --mend --processes 4
      coldframe rescore --status --json
    """
    quiet()
    service = build.service()
    if status:
        with service.store.read() as conn:
            found = bulk_runs.last(conn)
        if found is None:
            msg = "there was no run yet"
            raise click.ClickException(msg)
        run = found
    else:
        try:
            run, new = flow.begin(service, author or _user(), mends=mend)
        except NothingInForceError:
            msg = "nobody was decided about yet: there is nothing to compare with"
            raise click.ClickException(msg) from None
        if not new:
            click.echo(f"Run {run.id}, begun by {run.author}, goes on.", err=True)
        service.store.dispose()
        with _working(_processors() if processes is None else processes) as working:
            run = _watched(service, run, working)
    with service.store.read() as conn:
        result, left = flow.so_far(conn, run)
    _show(run, result, left, as_json=as_json)
    if result.unequal or result.failed:
        raise SystemExit(1)


@contextmanager
def _working(processes: int) -> Iterator[list[ForkProcess]]:
    """So many processes that take parts until none is left; they end with this one."""
    fork = multiprocessing.get_context("fork")  # before anything here has a thread
    working = [fork.Process(target=_take_parts, daemon=True) for _ in range(processes)]
    for each in working:
        each.start()
    try:
        yield working
    finally:
        for each in working:
            each.terminate()
            each.join()


def _take_parts() -> None:
    """In a process of its own: part after part, those first that nobody works on."""
    service = build.service()
    service = replace(service, lanes=replace(service.lanes, linger=0))
    with suppress(KeyboardInterrupt):
        while True:
            with service.store.read() as conn:
                parts = bulk_runs.open_parts(conn)
            if not parts:
                return
            turn = os.getpid() % len(parts)  # processes begin at different parts
            if not sum(flow.rescore_part(service, number) for number in (*parts[turn:], *parts[:turn])):
                time.sleep(_LOOK_SECONDS)


def _watched(service: Service, run: Run, working: Sequence[ForkProcess]) -> Run:
    """The run once it is over, or these processes have all ended; shows how far it is meanwhile."""
    with service.store.read() as conn:
        total = lead_scores.count(conn)
    with Progress(*COUNTED, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("working out scores", total=total)
        while True:
            at_work = not working or any(each.is_alive() for each in working)
            with service.store.read() as conn:
                now, (result, _) = bulk_runs.last(conn), flow.so_far(conn, run)
            progress.update(bar, completed=result.leads)
            if now is None or now.id != run.id or now.outcome is not None or not at_work:
                return now if now is not None and now.id == run.id else run
            time.sleep(_LOOK_SECONDS)


def _show(run: Run, result: Result, left: int, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"run": asdict(run), "parts_left": left, **asdict(result)}, indent=2))
        return
    sums = fitted("", "", whole=[""])
    rows: tuple[tuple[str, Any], ...] = (
        ("leads", result.leads),
        ("activities", result.activities),
        ("compared", result.compared),
        ("not settled: something new is to be decided about them", result.unsettled),
        ("stand otherwise than their history says", result.unequal),
        ("cannot be scored", result.failed),
    )
    for words, number in rows:
        sums.add_row(words, f"{number:,}")
    Console().print(sums)
    if result.named:
        table = fitted("lead", "stands at (fit, engagement, total)", "its history says", whole=["lead"])
        for each in result.named:
            table.add_row(each.lead, _words(each.stands), _words(each.is_))
        Console().print(table)
    began = f"Run {run.id} under version {run.version}, begun {show_second(run.began_at)}"
    match run.outcome:
        case "overtaken":
            click.echo(f"{began}: other rules were put in force meanwhile. Run coldframe rescore again.")
        case None:
            click.echo(f"{began}: {left} of its parts are still to be done.")
        case "done":
            click.echo(f"{began}: done.{' Who stands otherwise is derived anew.' if run.mends else ''}")


def _words(points: tuple[int, int, int]) -> str:
    return ", ".join(map(str, points))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        return "command line"
