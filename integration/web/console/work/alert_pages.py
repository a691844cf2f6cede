"""The alerts that were raised, and what became of each on the ways by which it goes."""

from collections.abc import Mapping, Sequence

from flask import render_template
from sqlalchemy import Connection

from integration.store.outgoing import alerts as raised
from integration.store.outgoing import outbox
from integration.store.outgoing.alerts import RaisedAlert
from integration.web.console.shell.console_parts import parts
from integration.web.console.shell.page_queries import asked_number, asked_text
from integration.web.console.work.work_room import work_room
from mappings.values.instant import Instant

ROOM = work_room("work_alerts", path="/work/alerts")
STATES = {"new": "waits", "sent": "sent", "dead": "refused", "lapsed": "not sent any more"}
"""What became of an alert on one way, in words."""
_PAGE = 50
_LAST: Instant = 9_000_000_000_000_000_000


@ROOM.page("", role="viewer")
def alerts() -> str:
    """The alerts, newest first."""
    before = asked_number("before") or _LAST
    with parts().store.read() as conn:
        found = raised.page(conn, before, asked_text("after"), _PAGE + 1)
        shown = found[:_PAGE]
        went = went_where(conn, shown, ways())
    return render_template("console/work/alerts.html", alerts=shown, more=len(found) > _PAGE, went=went)


def ways() -> list[str]:
    """Every way by which alerts go: those that the settings name, and the log's receivers of before."""
    return list(dict.fromkeys([*parts().service().alert_ways, *(each.way for each in parts().settings.channels)]))


def went_where(conn: Connection, found: Sequence[RaisedAlert], by: Sequence[str]) -> Mapping[str, dict[str, str]]:
    """By alert and way: what became of it there."""
    keys = {(each.key, way): f"{raised.lane(way)}:{each.key}" for each in found for way in by}
    states = outbox.states(conn, keys.values())
    return {
        each.key: {way: STATES[states[keys[each.key, way]]] for way in by if keys[each.key, way] in states}
        for each in found
    }
