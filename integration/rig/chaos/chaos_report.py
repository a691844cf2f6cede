"""The chaos run's result, for people and for programs."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from integration.rig.chaos.chaos_finding import Finding
from integration.rig.chaos.chaos_kills import KINDS
from integration.rig.chaos.chaos_run import Chaos

_SHOWN = 20


def figures(chaos: Chaos, finding: Finding) -> dict[str, Any]:
    """Everything that was counted, for JSON."""
    return {
        "deliveries": chaos.senders.deliveries,
        "activities": chaos.activities,
        "answered": len(chaos.senders.answered),
        "resent": chaos.senders.again,
        "attempts": dict(chaos.senders.outcomes),
        "kills": {kind: chaos.killer.kills[kind] for kind in KINDS},
        "restarts": chaos.running.programs.restarts,
        "flushes": chaos.flushes,
        "settled_seconds": round(chaos.settled, 1),
        **{name.lower().replace(" ", "_"): number for name, number in finding.figures.items()},
        "differences": finding.differences,
    }


def show(chaos: Chaos, finding: Finding, console: Console) -> None:
    """The figures as a table, and the differences one a line."""
    told = figures(chaos, finding)
    differences: list[str] = told.pop("differences")
    table = Table("", "count", title="Chaos")
    for name, number in told.items():
        if isinstance(number, Mapping):
            table.add_row(name, str(sum(number.values())))
            for part, many in sorted(number.items()):
                table.add_row(f"  {part}", str(many), style="dim")
        else:
            table.add_row(name.replace("_", " "), str(number))
    table.add_row("differences", str(len(differences)), style="bold red" if differences else "bold green")
    console.print(table)
    for difference in differences[:_SHOWN]:
        console.print(difference, style="red", markup=False, highlight=False)
    if len(differences) > _SHOWN:
        console.print(f"… and {len(differences) - _SHOWN} more; --json prints them all")
