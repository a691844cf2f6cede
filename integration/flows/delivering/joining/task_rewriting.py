"""Task rewriting: what open tasks say once others have joined them, for whoever has each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from connectors.base.task_rewrite import TaskRewrite
from connectors.base.task_words import TaskWords
from integration.core.handoff.task_story import Beside
from integration.core.model.state import LeadState
from integration.core.run.task_wording import joining_words, worded
from integration.flows.assigning import note_hours
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import Connection, HasCrms, HasRules, HasStore
from integration.flows.delivering import task_texts
from integration.flows.delivering.close_tasks import tasks_of
from integration.flows.delivering.hand_over import reads_in
from integration.flows.delivering.joining.carriers import in_order
from integration.flows.delivering.joining.shared_wording import raised, shared
from integration.flows.delivering.write_decisions import task_effect
from integration.flows.history import load_events
from integration.store.assigning.carried_tasks import LeadTask
from integration.store.assigning.written_tasks import written
from integration.store.db.json_codec import encode
from integration.store.outgoing import unassigned
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from mappings.model.task_text import of_plain
from mappings.values.identifiers import ExternalId, LeadId
from mappings.values.instant import Instant


class Wording(HasStore, HasRules, HasRouting, HasCrms, Protocol):
    """The store, the rules that word tasks, whose hours are known, and the CRMs in which records stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """A task that stands in the CRM, what joins it, and what it says then; `who` was given it."""

    task: LeadTask
    rows: Sequence[Outgoing]
    payload: Mapping[str, object]
    write: TaskRewrite
    who: Assigned | None


def rewritings(
    service: Wording, connection: Connection, words: TaskWords, wanted: Sequence[tuple[LeadTask, Sequence[Outgoing]]]
) -> list[Rewriting]:
    """What is to be written into these tasks, given what joins each."""
    now, name = service.now(), tasks_of(connection)[0]
    tasks = {task.id: task for task, _ in wanted}
    with service.store.read() as conn:
        states = load_events.states(conn, {each.lead_id for each in tasks.values()}, service.rules.number)
        kept = unassigned.of_effects(conn, [each.key for each in tasks.values()])
        people = {number: kept[each.key] for number, each in tasks.items() if each.key in kept}
        hours = note_hours.hours_of(conn, service, people, now)
        known = {
            number: Beside(
                reads_in=reads_in(people.get(number), service.rules.playbook, hours.get(number, "")),
                hours=hours.get(number),
                closing=(words.answering,) if words.answering else (),
            )
            for number in tasks
        }
        whose = {number: each.lead_id for number, each in tasks.items()}
        known = task_texts.with_links(conn, service, connection, whose, known)
    return [
        _rewriting(service, _Reader(task, name, words, people.get(task.id), known[task.id]), rows, states, now)
        for task, rows in wanted
    ]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who reads a task that is rewritten, in which words, and with what besides."""

    task: LeadTask
    name: str
    words: TaskWords
    who: Assigned | None
    beside: Beside


def _rewriting(
    service: Wording,
    reader: _Reader,
    rows: Sequence[Outgoing],
    states: Mapping[LeadId, LeadState],
    now: Instant,
) -> Rewriting:
    task, words, beside = reader.task, reader.words, reader.beside
    compiled, state = service.rules.compiled, states.get(task.lead_id)
    above = [str(row.payload["body"]) for row in rows]
    if state is not None:  # else the lead is not decided under these rules: what was decided is said
        tasks = [task_effect(row) for row in rows]
        own = [worded(compiled, state, each, now, beside) for each in tasks]
        rows = [_due(row, each.due_at) for row, each in zip(rows, own, strict=True)]
        above = [joining_words(compiled, state, task_effect(row), now, beside.reads_in) for row in rows]
    shared_payload = shared(task.payload, rows)
    effect = task_effect(replace(rows[0], key=task.key, payload_text=encode(shared_payload)))
    payload, text = task_texts.said(service, state, effect, shared_payload, now, replace(beside, hours=None))
    ours = [str(task.payload.get("answering") or ""), *reversed(above)]
    payload["answering"] = "\n".join(each for each in ours if each)  # so that what sales adds can be told from it
    write = TaskRewrite(
        key=in_order(rows)[-1].key,
        object=reader.name,
        id=ExternalId(str(task.external_id)),
        subject=str(payload["subject"]),
        body=text,
        before=written(task.payload),
        above=of_plain("\n".join(reversed(above))),
        due_at=min(int(row.payload["due_at"]) for row in rows),
        priority=payload["priority"] if raised(task.payload, payload) else None,
        zone=beside.reads_in,
        words=words,
    )
    return Rewriting(task=task, rows=rows, payload=payload, write=write, who=reader.who)


def _due(row: Outgoing, due: Instant) -> Outgoing:
    return replace(row, payload_text=encode({**row.payload, "due_at": due}))
