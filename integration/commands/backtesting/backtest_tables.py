"""Prints the tables of `coldframe backtest`, large enough to be read from the back of a room."""

from collections.abc import Callable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from integration.backtest.backtest_page import day
from integration.backtest.charts import said
from integration.backtest.side_by_side import Comparison, Gate, Load, Moved, Side, days
from integration.backtest.summary import names, sentences
from integration.commands.shared.fitted_tables import fitted

_SHOWN = 20
_BAR = 14


def tables(found: Comparison) -> RenderableType:
    """The summary, then figures side by side, then who differs."""
    named = names(found)
    return Group(
        Text(f"{named[0]} against {named[1]}", style="bold underline"),
        *(Text(f"- {sentence}") for sentence in sentences(found)),
        *_headed("Side by side", _figures(found, named)),
        *_headed("Tasks per person", _loads(found, named)),
        *_headed(f"MQLs under {named[0]} alone", _moved(found.only_a, named[1])),
        *_headed(f"MQLs under {named[1]} alone", _moved(found.only_b, named[0])),
    )


def _headed(title: str, table: RenderableType) -> Iterator[RenderableType]:
    yield Text(f"\n{title}", style="bold")
    yield Padding(table, (0, 0, 0, 2), expand=False)


def _table(*columns: str, right: Sequence[str] = (), whole: Sequence[str] = ()) -> Table:
    return fitted(*map(escape, columns), right=[*map(escape, right)], whole=whole)


def _figures(found: Comparison, named: tuple[str, str]) -> Table:
    table = _table("", *named, right=named)
    rows: list[tuple[str, Callable[[Side], str]]] = [
        ("MQLs", lambda side: str(side.mqls)),
        ("waited for missing fields", lambda side: str(side.held)),
        ("first activity to MQL, median", lambda side: "none" if side.median is None else days(side.median)),
        ("tasks", lambda side: str(side.tasks)),
        ("tasks that nobody owns yet", lambda side: str(side.unassigned.tasks if side.unassigned else 0)),
        *_judged(found),
    ]
    for label, figure in rows:
        table.add_row(label, figure(found.a), figure(found.b))
    return table


def _judged(found: Comparison) -> Iterator[tuple[str, Callable[[Side], str]]]:
    if found.a.gate is None:
        return
    figures: tuple[tuple[str, Callable[[Gate], str]], ...] = (
        ("let through and won (TP)", lambda gate: str(gate.true_positive)),
        ("let through and not won (FP)", lambda gate: str(gate.false_positive)),
        ("  of these lost", lambda gate: str(gate.lost)),
        ("  of these without an outcome yet", lambda gate: str(gate.open)),
        ("won and not let through (FN)", lambda gate: str(gate.false_negative)),
        ("leads (n)", lambda gate: str(gate.leads)),
        ("precision", lambda gate: said(gate.precision)),
        ("precision among those with an outcome", lambda gate: said(gate.precision_decided)),
        ("recall", lambda gate: said(gate.recall)),
    )
    for label, figure in figures:
        yield label, _of_gate(figure)


def _of_gate(figure: Callable[[Gate], str]) -> Callable[[Side], str]:
    return lambda side: figure(side.gate) if side.gate is not None else ""


def _loads(found: Comparison, named: tuple[str, str]) -> RenderableType:
    """For each person A above B: tasks, those of a working day, and the busiest day."""
    sides = [{load.owner: load for load in _all(side)} for side in (found.a, found.b)]
    owners = sorted(sides[0].keys() | sides[1].keys(), key=lambda owner: (not owner, owner))
    if not owners:
        return Text("None.")
    figures = ("tasks", "a day", "most in a day")
    table = _table("who", "", *figures, "", right=figures, whole=("most in a day",))
    most = max(load.per_day for side in sides for load in side.values())
    for owner in owners:
        for letter, color, side in (("A", "blue", sides[0]), ("B", "dark_orange", sides[1])):
            who = (escape(owner) or "[i]nobody yet: the pool[/i]") if letter == "A" else ""
            table.add_row(who, f"[{color}]{letter}[/]", *_figured(side.get(owner), most, color))
    return Group(Text(f"A is {named[0]}, B is {named[1]}; {found.working_days} working days."), table)


def _figured(load: Load | None, most: float, color: str) -> tuple[str, str, str, str]:
    if load is None:
        return "0", "0.0", "", ""
    busiest = f"{load.most} on {load.busiest.day} {load.busiest:%b}"
    return (
        str(load.tasks),
        f"{load.per_day:.1f}",
        busiest,
        f"[{color}]{'█' * max(1, round(_BAR * load.per_day / most))}[/]",
    )


def _all(side: Side) -> tuple[Load, ...]:
    return (*side.loads, *([side.unassigned] if side.unassigned else []))


def _moved(leads: Sequence[Moved], other: str) -> RenderableType:
    if not leads:
        return Text("Nobody.")
    table = _table("lead", "when", "outcome", "because", f"under {other}, then", whole=("when", "outcome"))
    for lead in leads[:_SHOWN]:
        table.add_row(
            escape(lead.who),
            day(lead.at),
            lead.outcome or "none yet",
            escape(lead.because),
            escape(lead.elsewhere),
        )
    if len(leads) <= _SHOWN:
        return table
    return Group(table, Text(f"and {len(leads) - _SHOWN} more: --json and --html have them all"))
