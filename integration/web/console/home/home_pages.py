"""The first page: what was counted last, and what needs a person now."""

from flask import render_template
from werkzeug.exceptions import NotFound

from integration.store.overall import figure_snapshots
from integration.web.console.shell.console_parts import parts
from integration.web.console.shell.rooms import Room

ROOM = Room("home", "Home")


@ROOM.page("/", role="viewer")
def overview() -> str:
    """Is it working, and is it worth it."""
    with parts().store.read() as conn:
        numbers = figure_snapshots.latest(conn)
    return render_template("console/home/overview.html", numbers=numbers)


@ROOM.page("/<path:missing>", role="viewer")
def nowhere(missing: str) -> str:
    """What no other room answers. Raises NotFound."""
    text = f"The console has no page {missing!r}."
    raise NotFound(text)
