"""Reassign: where nobody answered for as long again as was promised, somebody else gets the task.

The new task waits in the outbox like any other, and tells what happened; the old one is closed, with a word why, when
the new one stands in the CRM. So is a handoff given anew that was closed without a word, once nothing is open about its
lead: it would be forgotten. What survives a crash: the new task, once by its key; and the request to close the old.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection as Sql

from integration.core.handoff.sla_clocks import SecondBreach, second_breach
from integration.core.model import effect_keys
from integration.core.rules.calendar import wall_clock
from integration.flows.base.running_playbook import following
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import Derived, HasGoingLive, HasWake
from integration.flows.base.write_access import as_of_now
from integration.flows.history import load_events
from integration.store.assigning import assigned_tasks
from integration.store.assigning.assigned_tasks import OverdueTask
from integration.store.events import decided_effects
from integration.store.events.decided_effects import EffectRow
from integration.store.outgoing import outbox, pointless_tasks, unassigned
from integration.store.outgoing.outgoing_rows import Outgoing
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

_BATCH = 200
_UNREAD = ("at", "wording", "deadline", "taken_over")
"""What delivering needs of a task, and nobody reads."""


class Reassigning(Derived, HasGoingLive, HasRouting, HasWake, Protocol):
    """What it takes to give a task to somebody else."""


def reassign_overdue(service: Reassigning) -> int:
    """Give to somebody else what was broken twice; how many tasks. Nothing in shadow mode, or without the rule."""
    service, now = following(as_of_now(service)), service.now()
    if not service.routing.reassign or service.going_live.shadow:
        return 0
    _drop_answered(service, now)
    made, behind = 0, (0, "")
    while True:
        with service.store.read() as conn:
            page = assigned_tasks.overdue(conn, _BATCH, handoff=_handoff(service), behind=behind)
        made += _reassign(service, [each for each in page if each.payload.get("kind") != "escalation"], now)
        if len(page) < _BATCH:
            return made
        behind = page[-1].at, page[-1].task.key


def _handoff(service: Reassigning) -> str:
    """What keys of effects call the play of the handoff."""
    compiled = service.rules.compiled
    return compiled.dispatch.root("play", compiled.playbook.handoff.play)


def _reassign(service: Reassigning, tasks: Sequence[OverdueTask], now: Instant) -> int:
    """Give those of these to somebody else whose clocks ran out twice; how many."""
    with service.store.read() as conn:
        states = load_events.states_of(conn, {each.task.lead_id for each in tasks})
        names = {
            key: one.name or one.email or one.user
            for key, one in unassigned.of_effects(conn, [_here(each) for each in tasks]).items()
        }
    late = [
        (each, breach)
        for each in tasks
        if (state := states.get(each.task.lead_id)) is not None
        and (breach := second_breach(service.rules.compiled, state, now, each.stands_at)) is not None
    ]
    if not late:
        return 0
    zone = service.rules.playbook.calendar.timezone
    with service.store.write() as conn:
        made = _give_anew(
            conn, [_taken_over(each, breach, names.get(_here(each), ""), zone, now) for each, breach in late], now
        )
    for name in {each.task.connection for each, _ in late}:
        service.wake(f"deliver:{name}")
    return made


def _drop_answered(service: Reassigning, now: Instant) -> None:
    """Whoever was answered while the new task waited for somebody stays where they are."""
    with service.store.read() as conn:
        waiting = pointless_tasks.taken_over(conn, _BATCH)
        states = load_events.states_of(conn, {lead for _, _, lead in waiting})
    compiled = service.rules.compiled
    over = {lead for lead, state in states.items() if second_breach(compiled, state, now) is None}
    rows = [row for row in waiting if row[2] in over]
    if rows:
        with service.store.write() as conn:
            pointless_tasks.drop(conn, rows)


def closed_for(conn: Sql, made: Sequence[Outgoing], now: Instant) -> None:
    """Close the tasks in whose place these stand in the CRM now, and say why."""
    over = [(row.payload["taken_over"], row.lead_id) for row in made if "taken_over" in row.payload]
    old = {str(task["key"]): lead for task, lead in over if not task.get("closed")}
    if old:
        pointless_tasks.close(conn, set(old.values()), "Given to somebody else", now, lambda _lead, key: key in old)


def _give_anew(conn: Sql, rows: Sequence[tuple[EffectRow, ConnectionName, Mapping[str, Any]]], now: Instant) -> int:
    """(effect, connection, task) of what takes another's place; how many are new."""
    new = set(decided_effects.add(conn, [effect for effect, _, _ in rows]))
    wanted: defaultdict[ConnectionName, list[outbox.NewOnce]] = defaultdict(list)
    for effect, connection, task in rows:
        if effect.key in new:
            wanted[connection].append(outbox.NewOnce(key=effect.key, lead_id=effect.lead_id, payload=task))
    for connection, once in wanted.items():
        outbox.want_once(conn, connection, "task", once, now)
    return len(new)


def _taken_over(
    each: OverdueTask, breach: SecondBreach, who: str, zone: str, now: Instant
) -> tuple[EffectRow, ConnectionName, Mapping[str, Any]]:
    old, wording = each.task, dict(each.payload.get("wording") or {})
    since = wall_clock(breach.promised, zone)
    did = "closed the task without a word" if each.closed else "has not answered"
    story = f"{who or 'Somebody'} {did}: {breach.label} was promised by {since}. This is yours now."
    if wording.get("subject"):
        wording["subject"] = f"Taken over: {wording['subject']}"
        before = {name: value for name, value in wording.items() if name != "also"} | {"subject": "", "notes": ()}
        wording |= {"why": story.rstrip("."), "since": now, "also": [before, *wording.get("also", ())]}
    task = {
        **each.payload,
        "subject": f"Taken over: {each.payload.get('subject', '')}",
        "body": f"{story}\n{each.payload.get('body', '')}",
        "due_at": breach.due,
        "assignee": "pool",
        "priority": "high",
        "wording": wording,
        "taken_over": {"key": old.key, "connection": old.connection, "user": old.user, "closed": each.closed},
    }
    effect = EffectRow(
        key=effect_keys.taken_over(_here(each)),
        lead_id=old.lead_id,
        kind="task",
        at=now,
        payload={name: value for name, value in task.items() if name not in _UNREAD},
        because=(story,),
        decided_at=now,
    )
    return effect, old.connection, task


def _here(each: OverdueTask) -> str:
    """The key of a task's effect: after a merge it is the surviving lead's."""
    return effect_keys.moved(each.task.key, LeadId(each.task.lead_id))
