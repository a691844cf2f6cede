"""Sync errors: a list by kind, each with the vendor's words and the record beside it; retried, or discarded."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress

from flask import Response, flash, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Reply

from integration.flows.upkeep import replay_letters
from integration.flows.upkeep.replay_letters import UndiscardableError
from integration.store.db.session import Store
from integration.store.people import leads, record_references
from integration.store.queues import dead_letters, sync_error_lists
from integration.store.queues.dead_letters import NEWEST, Letter
from integration.store.queues.sync_error_lists import Wanted
from integration.web.console.access.guard import refusal
from integration.web.console.shell.console_parts import parts, person
from integration.web.console.shell.csv_answers import csv_answer
from integration.web.console.shell.page_queries import asked_number, asked_numbers, asked_text
from integration.web.console.shell.page_words import counted
from integration.web.console.work.work_room import work_room
from mappings.values.instant import show_second

ROOM = work_room("work_errors", path="/work/errors")
STAGES: Mapping[str, str] = {
    "ingest": "Reading what came in",
    "advance": "Deciding about a lead",
    "signals": "Signals of an account",
    "joining": "Joining two leads",
    "erasing": "Erasing somebody",
    "deliver": "Writing to a CRM",
    "refresh": "Reading a record",
    "poll": "Looking through a CRM",
    "drift": "Comparing a CRM with its mapping",
}
"""The work that failed, in words."""
_PAGE = 50
_SORTS = 12
_AT_ONCE = 500
_MOST = 5_000
"""So many are retried in one request: somebody waits for its answer."""
_LONGEST = 20_000


@ROOM.page("", role="viewer")
def errors() -> str:
    """The sync errors that nobody has ended, newest first, and their kinds."""
    wanted = _wanted()
    with parts().store.read() as conn:
        found = sync_error_lists.page(conn, wanted, asked_number("before") or NEWEST, _PAGE + 1)
        sorts = sync_error_lists.sorts(conn, _SORTS)
    shown, more = found[:_PAGE], len(found) > _PAGE
    known = {*(each.source for each in sorts), *(each.source for each in found), wanted.source} - {""}
    return render_template(
        "console/work/errors.html",
        letters=shown,
        more=more,
        sorts=sorts,
        wanted=wanted,
        stages=STAGES,
        sources=sorted(known),
    )


@ROOM.page("/list.csv", role="viewer")
def errors_csv() -> Response:
    """What the list shows, whole, without what was sent or read."""
    rows = _rows(parts().store, _wanted())
    return csv_answer("sync-errors", ("id", "at", "work", "source", "what", "lead", "reason"), rows)


@ROOM.page("/<int:number>", role="viewer")
def error(number: int) -> str:
    """One sync error: what the CRM said, what was sent or read, and whom it is about. Raises NotFound."""
    with parts().store.read() as conn:
        found = dead_letters.get(conn, [number]) if number <= NEWEST else []
        if not found:
            text = f"There is no sync error {number}. Those that were ended are kept for some months."
            raise NotFound(text)
        letter = found[0]
        known = [letter.lead_id] if letter.lead_id else []
        rows = leads.get(conn, known)
        records = record_references.of_leads(conn, known)
    lead = rows[0] if rows else None
    return render_template(
        "console/work/error.html",
        letter=letter,
        stages=STAGES,
        payload=readable(letter.payload),
        lead=lead,
        fields=[] if lead is None else [each for each in sorted(lead.fields.items()) if each[1] is not None],
        records=[] if lead is None else records.get(lead.id, []),
        must=letter.stage in replay_letters.MUST,
    )


@ROOM.change("/retry", role="editor")
def retry() -> Reply | tuple[str, int]:
    """Try these again, once each."""
    ids = asked_numbers("id")
    if not ids:
        return refusal("Nothing was chosen", "Choose the sync errors to try again, then press the button.", 400)
    done = replay_letters.replay(parts().service(), ids, actor=person().subject, now=parts().now())
    _say("tried again", len(done), len(set(ids)))
    return _back()


@ROOM.change("/retry-all", role="editor")
def retry_all() -> Reply:
    """Try all of a kind again, some thousands a request."""
    service, wanted = parts().service(), _wanted()
    done, more = 0, False
    for some in replay_letters.waiting(service, wanted, _AT_ONCE):
        if done >= _MOST:
            more = True
            break
        done += len(replay_letters.replay(service, some, actor=person().subject, now=parts().now()))
    text = f"{counted(done, 'sync error is', 'sync errors are')} tried again." if done else "No such sync error waits."
    flash(f"{text} More wait: press the button again." if more else text)
    return _back()


@ROOM.change("/discard", role="editor")
def discard() -> Reply | tuple[str, int]:
    """End these without trying them again; the reason is kept in the audit trail."""
    ids, reason = asked_numbers("id"), asked_text("reason")
    if not ids:
        return refusal("Nothing was chosen", "Choose the sync errors to discard, then press the button.", 400)
    if not reason:
        return refusal("Say why", "Write why nobody has to try this again. The audit trail keeps it.", 400)
    try:
        done = replay_letters.discard(parts().service(), ids, reason=reason, actor=person().subject, now=parts().now())
    except UndiscardableError as error:
        text = f"{str(error).capitalize()}. Deciding about a lead and erasing somebody must be done."
        return refusal("Not discarded", text, 400)
    _say("discarded", len(done), len(set(ids)))
    return _back()


def readable(payload: bytes) -> str:
    """What was sent or read, as text: JSON with a line for each value; the beginning of what is very long."""
    text = payload.decode("utf-8", "replace")
    with suppress(ValueError):  # what is no JSON is shown as it came
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… {len(text) - _LONGEST:,} characters more"


def _wanted() -> Wanted:
    return Wanted(stage=asked_text("stage"), source=asked_text("source"), word=asked_text("word"))


def _rows(store: Store, wanted: Wanted) -> Iterator[tuple[object, ...]]:
    below = NEWEST
    while True:
        with store.read() as conn:
            some: list[Letter] = sync_error_lists.page(conn, wanted, below, _AT_ONCE)
        for each in some:
            work = STAGES[each.stage]
            yield each.id, show_second(each.at), work, each.source, each.ref, each.lead_id, each.reason
        if len(some) < _AT_ONCE:
            return
        below = some[-1].id


def _say(what: str, done: int, asked: int) -> None:
    rest = "" if done == asked else f" The other {asked - done} had ended before, or are none."
    flash(f"{counted(done, 'sync error is', 'sync errors are')} {what}.{rest}")


def _back() -> Reply:
    """To the list as it was filtered."""
    asked = _wanted()
    where = url_for(
        "console.work_errors.errors",
        stage=asked.stage or None,
        source=asked.source or None,
        word=asked.word or None,
    )
    return redirect(where, 303)
