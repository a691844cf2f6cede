"""Task texts: the text of each task, from what is known of its lead when it is delivered.

What the lead's state says now counts, not what it said when the task was decided: a record may have come since. What
is written is kept in the outbox, so that it is known later on what we wrote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection as Sql

from integration.core.model.effects import Escalated, TaskWanted
from integration.core.run.task_wording import worded
from integration.flows.base.service import HasRules
from integration.flows.delivering.write_decisions import task_effect
from integration.flows.history import load_events
from integration.store.db.json_codec import encode
from integration.store.outgoing import outbox
from integration.store.outgoing.outgoing_rows import Outgoing
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whoever gets a task: the zone in which they read, and their working hours (None where nobody's are known).

    `note` is what they are to know of how the time was spent.
    """

    zone: str
    hours: str | None = None
    note: str = ""


def reworded(  # noqa: PLR0913 - which tasks, and what is known of who gets each
    conn: Sql,
    service: HasRules,
    rows: Sequence[Outgoing],
    now: Instant,
    readers: Mapping[int, Reader],
    *,
    answering: str = "",
) -> list[Outgoing]:
    """The rows of tasks with the words of this moment, which are stored with them; in the caller's write transaction.

    `readers` are who gets each task, by outbox id: its times are written in their zone, it is due in their hours, and
    the clocks count by them.
    `answering` says how to answer: it is kept beside, so that what sales adds can be told from what we wrote.
    A lead that is not decided under the service's playbook keeps the words that were decided.
    """
    beside = {"answering": answering} if answering else {}
    states = load_events.states(conn, {row.lead_id for row in rows}, service.rules.number)
    found: list[Outgoing] = []
    for row in rows:
        state = states.get(row.lead_id)
        if state is None:
            found.append(replace(row, payload_text=encode({**row.payload, **beside})))
            continue
        reader = readers.get(row.id, _NOBODY)
        task = worded(
            service.rules.compiled,
            state,
            _noted(task_effect(row), reader.note),
            now,
            reads_in=reader.zone,
            hours=reader.hours,
        )
        payload = {**row.payload, "subject": task.subject, "body": task.body, "due_at": task.due_at, **beside}
        found.append(replace(row, payload_text=encode(payload)))
    outbox.reword(conn, [(row.id, row.payload) for row in found])
    return found


_NOBODY = Reader(zone="")


def _noted(task: TaskWanted | Escalated, note: str) -> TaskWanted | Escalated:
    """A task that begins with a note; a note is no template."""
    if not note:
        return task
    plain = note.replace("{", "{{").replace("}", "}}")
    return replace(task, wording=replace(task.wording, notes=(plain, *task.wording.notes)))
