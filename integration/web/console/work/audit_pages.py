"""The audit trail: who did what and when, by action and person."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, render_template

from integration.store.audit import audit_trail
from integration.store.db.session import Store
from integration.store.queues.dead_letters import NEWEST
from integration.web.console.shell.console_parts import parts
from integration.web.console.shell.csv_answers import csv_answer
from integration.web.console.shell.page_queries import asked_number, asked_text
from integration.web.console.work.work_room import work_room
from mappings.values.instant import DAY, show_second

ROOM = work_room("work_audit", path="/work/audit")
DAYS = {"": "ever", "1": "the last day", "7": "the last week", "30": "the last 30 days", "365": "the last year"}
"""How far back the trail is read, in words."""
_PAGE = 100
_AT_ONCE = 1_000


@ROOM.page("", role="viewer")
def audit() -> str:
    """The lines, newest first."""
    with parts().store.read() as conn:
        found = audit_trail.page(conn, **_asked(), before=asked_number("before") or NEWEST, limit=_PAGE + 1)
        actions = audit_trail.actions(conn)
    shown = {name: asked_text(name) for name in ("action", "actor", "days")}
    return render_template(
        "console/work/audit.html",
        lines=[(line, said(line.detail)) for _, line in found[:_PAGE]],
        last=found[_PAGE - 1][0] if len(found) > _PAGE else None,
        actions=actions,
        days=DAYS,
        shown=shown,
    )


@ROOM.page("/list.csv", role="viewer")
def audit_csv() -> Response:
    """What the page shows, whole."""
    return csv_answer("audit", ("at", "who", "action", "about", "detail"), _rows(parts().store, _asked()))


def said(detail: Mapping[str, Any]) -> str:
    """The detail of a line, in one."""
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in detail.items())


def _asked() -> dict[str, Any]:
    days = asked_text("days")
    since = parts().now() - int(days) * DAY if days and days in DAYS else 0
    return {"action": asked_text("action"), "actor": asked_text("actor"), "since": since}


def _rows(store: Store, asked: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    below = NEWEST
    while True:
        with store.read() as conn:
            some = audit_trail.page(conn, **asked, before=below, limit=_AT_ONCE)
        for _, line in some:
            yield show_second(line.at), line.actor, line.action, line.subject, said(line.detail)
        if len(some) < _AT_ONCE:
            return
        below = some[-1][0]
