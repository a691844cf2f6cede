"""People who wait for a record in a CRM, with what waits for them."""

from flask import render_template

from integration.store.outgoing import people_without_records
from integration.store.overall import figure_snapshots
from integration.web.console.shell.console_parts import parts
from integration.web.console.work.work_room import work_room

ROOM = work_room("work_people", path="/work/people")
_SHOWN = 100


@ROOM.page("", role="viewer")
def people() -> str:
    """Who waits, those with tasks first, then the longest waiting."""
    with parts().store.read() as conn:
        found = people_without_records.waiting(conn, _SHOWN + 1)
        numbers = figure_snapshots.latest(conn)
    total = None if numbers is None else numbers.unrecorded
    return render_template(
        "console/work/people.html", people=found[:_SHOWN], more=len(found) > _SHOWN, total=total, numbers=numbers
    )
