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
from integration.flows.base.service import HasRules, HasStore
from integration.flows.delivering.hand_over import reads_in
from integration.flows.delivering.joining.carriers import in_order
from integration.flows.delivering.joining.shared_wording import raised, shared
from integration.flows.delivering.write_decisions import task_effect
from integration.flows.history import load_events
from integration.store.assigning.carried_tasks import LeadTask
from integration.store.db.json_codec import encode
from integration.store.outgoing import unassigned
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.unassigned import Assigned
from mappings.model.task_text import of_plain, plain
from mappings.values.identifiers import ExternalId, LeadId
from mappings.values.instant import Instant


class Wording(HasStore, HasRules, HasRouting, Protocol):
    """The store, the rules that word tasks, and whose hours are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """A task that stands in the CRM, what joins it, and what it says then; `who` was given it."""

    task: LeadTask
    rows: Sequence[Outgoing]
    payload: Mapping[str, object]
    write: TaskRewrite
    who: Assigned | None


def rewritings(
    service: Wording, name: str, words: TaskWords, wanted: Sequence[tuple[LeadTask, Sequence[Outgoing]]]
) -> list[Rewriting]:
    """What is to be written into these tasks (of the object `name`), given what joins each."""
    now = service.now()
    with service.store.read() as conn:
        states = load_events.states(conn, {task.lead_id for task, _ in wanted}, service.rules.number)
        kept = unassigned.of_effects(conn, [task.key for task, _ in wanted])
        people = {task.id: kept[task.key] for task, _ in wanted if task.key in kept}
        hours = note_hours.hours_of(conn, service, people, now)
    return [
        _rewriting(service, _Reader(task, name, words, people.get(task.id), hours.get(task.id)), rows, states, now)
        for task, rows in wanted
    ]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who reads a task that is rewritten, and in which words."""

    task: LeadTask
    name: str
    words: TaskWords
    who: Assigned | None
    hours: str | None


def _rewriting(
    service: Wording,
    reader: _Reader,
    rows: Sequence[Outgoing],
    states: Mapping[LeadId, LeadState],
    now: Instant,
) -> Rewriting:
    task, words, zone = reader.task, reader.words, reads_in(reader.who, service.rules.playbook)
    compiled, state = service.rules.compiled, states.get(task.lead_id)
    beside = Beside(reads_in=zone, hours=reader.hours, closing=(words.answering,) if words.answering else ())
    above = [str(row.payload["body"]) for row in rows]
    if state is not None:  # else the lead is not decided under these rules: what was decided is said
        tasks = [task_effect(row) for row in rows]
        own = [worded(compiled, state, each, now, beside) for each in tasks]
        rows = [_due(row, each.due_at) for row, each in zip(rows, own, strict=True)]
        above = [joining_words(compiled, state, task_effect(row), now, zone) for row in rows]
    payload = shared(task.payload, rows)
    text = of_plain(str(payload["body"]))
    if state is not None:
        effect = task_effect(replace(rows[0], key=task.key, payload_text=encode(payload)))
        said = worded(compiled, state, effect, now, replace(beside, hours=None))
        text, payload = said.body, payload | {"subject": said.subject, "body": plain(said.body)}
    ours = [str(task.payload.get("answering") or ""), *reversed(above)]
    payload["answering"] = "\n".join(each for each in ours if each)  # so that what sales adds can be told from it
    write = TaskRewrite(
        key=in_order(rows)[-1].key,
        object=reader.name,
        id=ExternalId(str(task.external_id)),
        subject=str(payload["subject"]),
        body=text,
        before=str(task.payload["body"]),
        above=of_plain("\n".join(reversed(above))),
        due_at=min(int(row.payload["due_at"]) for row in rows),
        priority=payload["priority"] if raised(task.payload, payload) else None,
        zone=zone,
        words=words,
    )
    return Rewriting(task=task, rows=rows, payload=payload, write=write, who=reader.who)


def _due(row: Outgoing, due: Instant) -> Outgoing:
    return replace(row, payload_text=encode({**row.payload, "due_at": due}))
