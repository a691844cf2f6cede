"""The hosts run's result, for people and for programs."""

from typing import Any

from rich.console import Console
from rich.table import Table

from integration.rig.chaos.chaos_finding import Finding
from integration.rig.hosts.hosts_run import HostsRun, Wave

_SHOWN = 20


def figures(ran: HostsRun, finding: Finding) -> dict[str, Any]:
    """Everything that was measured, for JSON."""
    one, four = ran.waves["one"], ran.waves["four"]
    return {
        "cpu_against_one_host": round(four.cpu_per_thousand / one.cpu_per_thousand, 3),
        "cpu_seconds_of_an_idle_host_in_a_second": round(ran.idle, 4),
        "seconds_until_the_added_host_had_a_share": round(ran.joined_after, 1),
        "lanes_lost": {name: host.fenced() for name, host in ran.hosts.items()},
        "loads": {name: _figures_of(wave) for name, wave in ran.waves.items()},
        **{name.lower().replace(" ", "_"): number for name, number in finding.figures.items()},
        "differences": finding.differences,
    }


def _figures_of(wave: Wave) -> dict[str, Any]:
    together = sum(wave.decided.values())
    return {
        "activities": wave.activities,
        "seconds": round(wave.seconds, 1),
        "cpu_seconds_for_1000_activities": round(wave.cpu_per_thousand, 3),
        "cpu_seconds": {name: round(each, 2) for name, each in wave.cpu.items()},
        "cpu_seconds_by_process": {name: round(each, 2) for name, each in wave.queues.items()},
        "share_of_leads": {name: round(each / together, 3) for name, each in wave.decided.items()} if together else {},
        "calls_to_the_fewest": round(wave.ratio, 3),
    }


def show(ran: HostsRun, finding: Finding, console: Console) -> None:
    """The figures as a table, and the differences one a line."""
    table = Table("load", "activities", "seconds", "CPU s / 1,000", "share of leads, by host", "calls / fewest")
    for name, wave in ran.waves.items():
        told = _figures_of(wave)
        shares = " ".join(f"{each:.0%}" for each in told["share_of_leads"].values())
        table.add_row(
            name,
            f"{wave.activities:,}",
            f"{wave.seconds:.1f}",
            f"{wave.cpu_per_thousand:.2f}",
            shares,
            f"{wave.ratio:.2f}",
        )
    console.print(table)
    told = figures(ran, finding)
    console.print(f"CPU against one host: {told['cpu_against_one_host']}")
    console.print(f"An idle host uses {told['cpu_seconds_of_an_idle_host_in_a_second']} CPU seconds a second")
    console.print(f"The added host had a share after {told['seconds_until_the_added_host_had_a_share']} s")
    console.print(f"{len(finding.differences)} differences", style="bold red" if finding.differences else "bold green")
    for difference in finding.differences[:_SHOWN]:
        console.print(difference, style="red", markup=False, highlight=False)
