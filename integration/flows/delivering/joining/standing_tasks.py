"""Standing tasks: what becomes of tasks of their own that are to join one that stands, for the same person in sales.

Two leads who became one had a call or an e-mail open each: the task that came first is rewritten for the other, which
is closed then. Where that cannot be, both stay as they are.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection as Sql

from integration.core.handoff.conversations import same_person
from integration.core.model import effect_keys
from integration.core.model.conversation import Conversation
from integration.core.model.effect_keys import belongs
from integration.core.model.state import LeadState
from integration.flows.delivering.joining.carriers import carrier
from integration.store.assigning import assigned_tasks, carried_tasks
from integration.store.assigning.carried_tasks import APART_FROM, STOOD, LeadTask
from integration.store.outgoing import outbox
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.outgoing.suppressed_effects import silence
from integration.store.overall import merged_tasks
from integration.store.queues import dirty
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

NOW_ONE = "Now one with another task"
"""What stands before the subject of a task that is closed because another one says what it said."""


def join(conn: Sql, states: Mapping[LeadId, LeadState], now: Instant) -> set[ConnectionName]:
    """Have one task of those that a lead has open with one person in sales; the connections that have to.

    That is so where two leads became one, and where what is made only now comes first in the lead's history: a call
    stands, and a handoff of before is made for a changed playbook.
    """
    several = {lead: state for lead, state in states.items() if _shares(state)}
    if not several:
        return set()
    tasks = carried_tasks.of_leads(conn, several)
    late = {lead: list(_made_late(state, tasks.get(lead, ()))) for lead, state in several.items()}
    dirty.mark(conn, {lead for lead, found in late.items() if found}, now)
    merged_tasks.note_own(conn, [(there, lead) for lead, found in late.items() for _, there in found])
    merged = [pair for lead, state in several.items() for pair in _merged(state, tasks.get(lead, ()))]
    pairs = [*[pair for found in late.values() for pair in found], *merged]
    carried_tasks.join_too(conn, [(own, there.key) for own, there in pairs], now)
    return {there.connection for _, there in pairs}


def _shares(state: LeadState) -> bool:
    return len(state.conversations) > 1 or any(each.joined for each in state.conversations)


def made_late(state: LeadState, key: str, tasks: Sequence[LeadTask]) -> LeadTask | None:
    """The task that stands for somebody in sales, and that another one (its key), made only now, is to join."""
    joined = next((each.joined for each in state.conversations if each.key == key), ())
    standing = {effect_keys.origin(task.key): task for task in tasks if task.stands}
    return next((standing[each] for each in joined if each in standing), None)


def _made_late(state: LeadState, tasks: Sequence[LeadTask]) -> Iterator[tuple[LeadTask, LeadTask]]:
    """(a task that waits, the one that stands and that it is to join)."""
    waiting = {task.key: task for task in tasks if task.waits and not task.attempted}
    for each in state.conversations:
        there = made_late(state, each.key, tasks) if each.key in waiting else None
        if there is not None:
            yield waiting[each.key], there


def _merged(state: LeadState, tasks: Sequence[LeadTask]) -> list[tuple[LeadTask, LeadTask]]:
    """(a task, the earlier one of the same person that it is to join), where one of the two was another lead's once."""
    if all(belongs(each.key, state.lead) for each in tasks):
        return []
    found: list[tuple[LeadTask, LeadTask]] = []
    firsts: list[tuple[Conversation, LeadTask]] = []
    for each in sorted(state.conversations, key=lambda one: (one.began, one.key)):
        own = carrier(tasks, each.key)
        if own is None:
            continue
        there = next((task for first, task in firsts if task.id != own.id and same_person(first, each)), None)
        if there is None or own.payload.get(APART_FROM) == there.key:
            firsts.append((each, own))
        elif not (belongs(own.key, state.lead) and belongs(there.key, state.lead)):
            found.append((own, there))
    return found


def carried(conn: Sql, rows: Sequence[Outgoing], now: Instant) -> set[ConnectionName]:
    """Close those of these that stand in a CRM, since another says what they said; the connections that have to."""
    wanted: set[ConnectionName] = set()
    for row in rows:
        if stood(row):
            there = row.payload[STOOD]
            told = {"id": there["id"], "because": NOW_ONE, "subject": row.payload.get("subject", "")}
            closing = outbox.NewOnce(key=f"closing:{row.key}", lead_id=row.lead_id, payload=told)
            outbox.want_once(conn, there["connection"], "closing", [closing], now)
            wanted.add(there["connection"])
    assigned_tasks.close(conn, [row.key for row in rows if stood(row)], now)
    return wanted


def restore(conn: Sql, rows: Sequence[tuple[Outgoing, str]], now: Instant) -> None:
    """(task, why) of those that stay as they are; whoever is not to be contacted by now gets none."""
    carried_tasks.restore(conn, [(row.id, row.payload, why) for row, why in rows])
    silence(conn, {row.lead_id for row, _ in rows}, now)


def stood(row: Outgoing) -> bool:
    """Whether a CRM has this task that is to join another."""
    return bool(row.payload.get(STOOD, {}).get("id"))
