"""What waits, by lane and connection; the kill switch of each connection and of all."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Reply

from integration.flows.upkeep import person_pauses
from integration.store.crm import connection_pauses
from integration.store.crm.connection_pauses import Pause
from integration.store.overall import figure_snapshots
from integration.store.overall.store_figures import Numbers
from integration.web.console.access.guard import refusal
from integration.web.console.shell.console_parts import parts, person
from integration.web.console.shell.page_queries import asked_text
from integration.web.console.shell.page_words import connection_name, counted
from integration.web.console.work.work_room import work_room
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

ROOM = work_room("work", "Work", path="/work")
KINDS = {
    "fields": "Scores and stages",
    "task": "Tasks",
    "touch": "Nurture e-mails",
    "closing": "Tasks to close",
    "owner": "Owners to set",
    "alert": "Alerts",
    "person": "People to create",
    "record": "Records to create",
}
"""What the outbox carries, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One lane: what waits in it, since when the oldest does (None where nobody knows), what failed for good."""

    name: str
    count: int
    oldest: Instant | None = None
    failed: int = 0


@ROOM.page("", role="viewer")
def queues() -> str:
    """What waits in every lane, and which connections are paused."""
    now = parts().now()
    with parts().store.read() as conn:
        numbers = figure_snapshots.latest(conn)
        paused = connection_pauses.paused(conn, now)
    names = list(parts().service().connections)
    return render_template(
        "console/work/queues.html",
        numbers=numbers,
        lanes=[] if numbers is None else lanes(numbers),
        outgoing=[] if numbers is None else outgoing(numbers),
        connections=[(name, paused.get(name)) for name in names],
        all_paused=bool(names) and all(_by_person(paused.get(name)) for name in names),
    )


@ROOM.change("/pause", role="admin")
def pause() -> Reply | tuple[str, int]:
    """Stop all traffic with one connection, or with all of them."""
    reason = asked_text("reason")
    if not reason:
        return refusal("Say why", "Write why, for those who come across the pause. The audit trail keeps it.", 400)
    who = person()
    names = _named()
    waiting = person_pauses.pause(parts().service(), names, reason=reason, actor=who.subject, who=who.name)
    for name in names:
        flash(f"{connection_name(name)} is paused; {counted(waiting[name], 'write')} will wait.")
    return redirect(url_for("console.work.queues"), 303)


@ROOM.change("/resume", role="admin")
def resume() -> Reply:
    """End the pause of one connection, or of all of them."""
    for name, (was, waiting) in person_pauses.resume(parts().service(), _named(), actor=person().subject).items():
        said = "goes on" if was else "was not paused by a person"
        flash(f"{connection_name(name)} {said}; {counted(waiting, 'write waits', 'writes wait')}.")
    return redirect(url_for("console.work.queues"), 303)


def lanes(numbers: Numbers) -> list[Queue]:
    """What comes in and is decided, in the order in which it goes through."""
    return [
        Queue(
            name="Deliveries to read",
            count=numbers.inbox.get("new", 0),
            oldest=numbers.oldest_delivery,
            failed=numbers.dead_letters.get("ingest", 0),
        ),
        Queue(name="Records to read from CRMs", count=numbers.refresh, failed=numbers.dead_letters.get("refresh", 0)),
        Queue(
            name="Leads to decide about",
            count=numbers.dirty,
            oldest=numbers.oldest_dirty,
            failed=numbers.dead_letters.get("advance", 0),
        ),
        Queue(name="Leads to derive anew after new rules", count=numbers.to_derive),
    ]


def outgoing(numbers: Numbers) -> list[tuple[str, Queue]]:
    """What goes out, by connection (or way of alerts) and kind."""
    since = {(each.connection, each.kind): each.since for each in numbers.outgoing}
    found = sorted({(connection, kind) for connection, kind, state in numbers.outbox if state in {"new", "dead"}})
    return [
        (
            connection_name(connection.removeprefix("alerts:")),
            Queue(
                name=KINDS.get(kind, kind),
                count=numbers.outbox.get((connection, kind, "new"), 0),
                oldest=since.get((ConnectionName(connection), kind)),
                failed=numbers.outbox.get((connection, kind, "dead"), 0),
            ),
        )
        for connection, kind in found
    ]


def _named() -> Sequence[ConnectionName]:
    """The connection that the form names; all of them where it names none. Raises NotFound."""
    known, asked = list(parts().service().connections), asked_text("connection")
    if asked and asked not in known:
        text = f"No connection is called {asked!r}; there are {', '.join(known) or 'none'}."
        raise NotFound(text)
    return [ConnectionName(asked)] if asked else known


def _by_person(pause: Pause | None) -> bool:
    return pause is not None and pause.kind == "person"
