"""The first page: what needs a person now, where leads stand, and how fast they were answered."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template
from werkzeug.exceptions import NotFound

from integration.flows.base import write_access
from integration.flows.levels import week_figures
from integration.store.overall import figure_snapshots
from integration.web.console.home.attention import needs
from integration.web.console.shell.console_parts import parts
from integration.web.console.shell.page_words import STAGES, stage_name
from integration.web.console.shell.rooms import Room

ROOM = Room("home", "Home")
ENOUGH = 20
"""Of fewer people no share is shown."""
_WIDEST = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBar:
    """The leads of one stage, and how long their bar is, in pixels."""

    name: str
    count: int
    width: int


@ROOM.page("/", role="viewer")
def overview() -> str:
    """Is it working, and is it worth it."""
    now = parts().now()
    with parts().store.read() as conn:
        numbers = figure_snapshots.latest(conn)
        weeks = week_figures.kept(conn)
        waiting = [] if numbers is None else needs(conn, numbers, now)
        writing = write_access.mode(conn, forced=parts().settings.shadow)
    bars = [] if numbers is None else stage_bars(numbers.leads_by_stage)
    shown = {"numbers": numbers, "bars": bars, "widest": _WIDEST, "weeks": weeks, "needs": waiting, "writing": writing}
    return render_template("console/home/overview.html", share=share, **shown)


@ROOM.page("/<path:missing>", role="viewer")
def nowhere(missing: str) -> str:
    """What no other room answers. Raises NotFound."""
    text = f"The console has no page {missing!r}."
    raise NotFound(text)


def stage_bars(counts: Mapping[str, int]) -> list[StageBar]:
    """Every stage in the order of a lead's life, those of no lead too, but for leads that are not decided yet."""
    most = max([1, *counts.values()])
    names = [*STAGES, *sorted(counts.keys() - STAGES.keys())]
    return [
        StageBar(name=stage_name(name), count=count, width=max(round(_WIDEST * count / most), 1 if count else 0))
        for name in names
        if (count := counts.get(name, 0)) or name
    ]


def share(part: int, whole: int) -> str:
    """`45%`; "" of too few people to say it."""
    return f"{round(100 * part / whole)}%" if whole >= ENOUGH else ""
