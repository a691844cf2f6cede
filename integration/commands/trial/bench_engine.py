"""`coldframe bench-engine`: how fast the engine replays, compared with a plain loop over the same file."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.state import newborn
from integration.core.rules.playbook_rules import Playbook
from integration.core.run.apply_events import advance
from integration.playbook.compiling.compiler import load
from integration.playbook.reading import library
from integration.rig.bench import bench_history
from mappings.model.canonical import Activity
from mappings.values.identifiers import LeadId
from mappings.values.instant import HOUR

_SHORT = 10
"""Activities of a lead with a short history, whose time per activity is compared with that of a long one."""
_LEADS_WITH_LONG, _ROUNDS = 5, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One `coldframe replay`: processor seconds for everything, from its start to its last line, and peak memory."""

    activities: int
    leads: int
    seconds: float
    per_second: float
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured, in one run on this machine."""

    playbook: str
    replay: Replayed
    fewer_activities: Replayed
    fewer_leads: Replayed
    floor_per_second: float
    long_history: int
    """Activities of a lead with a long history."""
    short_us: float
    long_us: float

    @property
    def ratio(self) -> float:
        """Time per activity of a lead with a long history, to that of one with a short."""
        return self.long_us / self.short_us


@click.command("bench-engine")
@click.option("--activities", default=1_000_000, type=click.IntRange(1_000), show_default=True)
@click.option("--leads", default=20_000, type=click.IntRange(100), show_default=True)
@click.option("--playbook", default=library.DEFAULT, show_default=True)
@click.option(
    "--long",
    "long_history",
    default=10_000,
    type=click.IntRange(1_000),
    show_default=True,
    help="Activities of a lead with a long history.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def bench_engine(activities: int, leads: int, playbook: str, long_history: int, *, as_json: bool) -> None:
    r"""Replay a seeded history and show activities per second, memory, and what a long history costs.

    Seconds are processor seconds of one core, so that what else runs on the machine counts little. The floor is a
    plain Python loop over the same file that parses each line and adds its points to a dictionary.

    \b
    Example:
      coldframe bench-engine --activities 100000 --leads 2000
    """
    compiled, _ = load(playbook)
    if compiled is None:
        click.echo(f"no such playbook: {playbook}", err=True)
        raise SystemExit(2)
    with (
        tempfile.TemporaryDirectory(prefix="coldframe-bench-") as folder,
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        figures = _measured(Path(folder), progress, compiled, activities, leads, long_history)
    if as_json:
        click.echo(json.dumps({**asdict(figures), "long_to_short": figures.ratio}, indent=2))
    else:
        Console().print(_table(figures))


def _measured(  # noqa: PLR0913, PLR0917 - what is measured, and how much of it
    folder: Path, progress: Progress, playbook: Playbook, activities: int, leads: int, long_history: int
) -> Figures:
    task = progress.add_task("writing histories", total=7)

    def history(name: str, count: int, people: int) -> Path:
        file = folder / name
        bench_history.write(file, leads=people, activities=count)
        progress.advance(task)
        return file

    whole = history("whole.jsonl", activities, leads)
    fewer = history("fewer.jsonl", activities // 5, leads)
    small = history("small.jsonl", activities // 5, leads // 5)
    progress.update(task, description="plain loop")
    floor = _floor(whole)
    progress.update(task, advance=1, description="replaying")
    replays = []
    for file, count, people in (
        (whole, activities, leads),
        (fewer, activities // 5, leads),
        (small, activities // 5, leads // 5),
    ):
        replays.append(_replayed(playbook.name, file, count, people))
        progress.advance(task)
    progress.update(task, description="long and short histories")
    short, long = _lengths(playbook, long_history)
    return Figures(
        playbook=playbook.name,
        replay=replays[0],
        fewer_activities=replays[1],
        fewer_leads=replays[2],
        floor_per_second=activities / floor,
        long_history=long_history,
        short_us=short,
        long_us=long,
    )


def _floor(file: Path) -> float:
    """Processor seconds of the least one could do: parse each line, add points by lead."""
    points = {"email_open": 1, "email_click": 3, "page_view": 15, "content_download": 5, "document_view": 15}
    began = time.process_time()
    scores: dict[str, int] = {}
    with file.open() as lines:
        for line in lines:
            told = json.loads(line)
            if told["kind"] == "activity":
                scores[told["lead"]] = scores.get(told["lead"], 0) + points.get(told["type"], 0)
    return time.process_time() - began


def _replayed(playbook: str, file: Path, activities: int, leads: int) -> Replayed:
    """Run the command itself; what it prints goes to a file, so that writing is part of the work."""
    script = (
        "import resource, sys; from integration.commands.replaying.replay import replay\n"
        "replay(sys.argv[1:], standalone_mode=False)\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)"
    )
    with file.with_suffix(".out").open("wb") as out:
        done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
            [sys.executable, "-c", script, "--playbook", playbook, "--events", str(file)],
            stdout=out,
            stderr=subprocess.PIPE,
            check=True,
            text=True,
        )
    seconds, peak = (float(word) for word in done.stderr.split()[-2:])
    return Replayed(
        activities=activities,
        leads=leads,
        seconds=round(seconds, 2),
        per_second=round(activities / seconds),
        peak_mb=round(peak * _UNIT / 1_000_000),
    )


_UNIT = 1 if sys.platform == "darwin" else 1_024
"""Bytes in one unit of ru_maxrss: kibibytes on Linux, bytes on macOS."""


def _lengths(playbook: Playbook, long_history: int) -> tuple[float, float]:
    """Microseconds per activity of leads with a short and with a long history, the best of a few rounds each."""
    total = _LEADS_WITH_LONG * long_history
    short = [_history(f"s{number}", _SHORT, number) for number in range(total // _SHORT)]
    long = [_history(f"l{number}", long_history, number) for number in range(_LEADS_WITH_LONG)]
    compiled = CompiledPlaybook.of(playbook)
    best = [min(_applied(compiled, histories) for _ in range(_ROUNDS)) for histories in (short, long)]
    return best[0] / total * 1e6, best[1] / total * 1e6


def _history(lead: str, count: int, seed: int) -> list[Activity]:
    made = []
    for number in range(count):
        kind, properties = bench_history.deed(seed * count + number)
        at = bench_history.START + number * HOUR
        made.append(Activity(id=f"{lead}.{number}", lead=lead, at=at, type=kind, properties=properties))  # type: ignore[arg-type] # plain values
    return made


def _applied(compiled: CompiledPlaybook, histories: list[list[Activity]]) -> float:
    began = time.process_time()
    for history in histories:
        advance(compiled, newborn(LeadId(history[0].lead)), history, history[-1].at, owned=True)
    return time.process_time() - began


def _table(figures: Figures) -> Table:
    table = Table(title=f"The engine on {figures.playbook}", title_justify="left")
    for heading in ("measured", "activities/s", "processor s", "peak MB"):
        table.add_column(heading, justify="left" if heading == "measured" else "right")
    for name, run in (
        ("replay", figures.replay),
        ("a fifth of the activities, as many leads", figures.fewer_activities),
        ("a fifth of the activities and of the leads", figures.fewer_leads),
    ):
        what = f"{name}: {run.activities:,} of {run.leads:,} leads"
        table.add_row(what, f"{run.per_second:,.0f}", f"{run.seconds:.1f}", f"{run.peak_mb:,.0f}")
    table.add_row("floor: a plain loop over the same file", f"{figures.floor_per_second:,.0f}", "", "")
    table.add_section()
    table.add_row(f"applying, leads with {_SHORT} activities", f"{1e6 / figures.short_us:,.0f}", "", "")
    table.add_row(
        f"applying, leads with {figures.long_history:,} activities (time x {figures.ratio:.2f})",
        f"{1e6 / figures.long_us:,.0f}",
        "",
        "",
    )
    return table
