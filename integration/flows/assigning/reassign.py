"""Reassign: where nobody answered for as long again as was promised, somebody else gets the task.

The new task waits in the outbox like any other, and tells what happened; the old one is closed, with a word why, when
the new one stands in the CRM. Of several calls and e-mails about one lead whoever takes over gets one: the others join
it, and are closed with the old one. So is a handoff given anew that was closed without a word, once nothing is open
about its lead: it would be forgotten. What survives a crash: the new task, once by its key; and the request to close
the old.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection as Sql

from integration.core.handoff.conversations import TALKING
from integration.core.handoff.sla_clocks import second_breach
from integration.core.model import effect_keys
from integration.core.rules.calendar import wall_clock
from integration.flows.base.running_playbook import following
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import Derived, HasGoingLive, HasRules, HasStore, HasWake
from integration.flows.base.write_access import as_of_now
from integration.flows.history import load_events
from integration.store.assigning import assigned_tasks, carried_tasks
from integration.store.assigning.assigned_tasks import OverdueTask
from integration.store.assigning.carried_tasks import LeadTask
from integration.store.events import activities, decided_effects
from integration.store.events.activities import NewActivity
from integration.store.events.decided_effects import EffectRow
from integration.store.outgoing import outbox, pointless_tasks, unassigned
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.queues import dirty
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

_BATCH = 200
_OVER = "Taken over: "
_UNREAD = ("at", "wording", "deadline", "taken_over")
"""What delivering needs of a task, and nobody reads."""


class Reassigning(Derived, HasGoingLive, HasRouting, HasWake, Protocol):
    """What it takes to give a task to somebody else."""


class GivingOver(HasStore, HasRules, HasWake, Protocol):
    """What it takes to have one task take another's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A task that somebody else is to have: why, in words, and when it is due then.

    `of_leaver`: whoever had it has left. Then it goes by its own role, else to the pool.
    """

    task: OverdueTask
    story: str
    due: Instant
    of_leaver: bool = False


def reassign_overdue(service: Reassigning) -> int:
    """Give to somebody else what was broken twice; how many tasks. Nothing in shadow mode, or without the rule.

    Only tasks of plays: an escalation, a review and the question for a reason are for whoever they were given to.
    """
    service, now = following(as_of_now(service)), service.now()
    if not service.routing.reassign or service.going_live.shadow:
        return 0
    _drop_answered(service, now)
    made, behind = 0, (0, "")
    while True:
        with service.store.read() as conn:
            page = assigned_tasks.overdue(conn, _BATCH, handoff=_handoff(service), behind=behind)
        made += _reassign(service, [each for each in page if opening(each.task.key) is not None], now)
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
        names = names_of(conn, tasks)
    zone, late = service.rules.playbook.calendar.timezone, []
    for each in tasks:
        state = states.get(each.task.lead_id)
        breach = None if state is None else second_breach(service.rules.compiled, state, now, each.stands_at)
        if breach is not None:
            since = wall_clock(breach.promised, zone)
            did = "closed the task without a word" if each.closed else "has not answered"
            story = f"{names.get(here(each)) or 'Somebody'} {did}: {breach.label} was promised by {since}."
            late.append(Over(task=each, story=f"{story} This is yours now.", due=breach.due))
    return give_over(service, late, now)


def give_over(service: GivingOver, over: Sequence[Over], now: Instant) -> int:
    """Have somebody else get each of these tasks, once for each, and one conversation about a lead; how many are new.

    What survives a crash: the new task, once by its key.
    """
    if not over:
        return 0
    with service.store.read() as conn:
        there = carried_tasks.of_leads(conn, {each.task.task.lead_id for each in over})
    joins = _joins(service, [each.task for each in over], there)
    with service.store.write() as conn:
        made = _give_anew(conn, [_taken_over(each, now, joins.get(each.task.task.key, "")) for each in over], now)
    for name in {each.task.task.connection for each in over}:
        service.wake(f"deliver:{name}")
    return made


def names_of(conn: Sql, tasks: Sequence[OverdueTask]) -> Mapping[str, str]:
    """Who was given each of these tasks, by the key of its effect, as people know them."""
    given = unassigned.of_effects(conn, [here(each) for each in tasks])
    return {key: one.name or one.email or one.user for key, one in given.items()}


def _joins(
    service: HasRules, late: Sequence[OverdueTask], over: Mapping[LeadId, Sequence[LeadTask]]
) -> Mapping[str, str]:
    """By the key of a call or e-mail, the task taken over that it joins: whoever takes over has one conversation."""
    takes: defaultdict[LeadId, list[str]] = defaultdict(list)
    for lead, tasks in over.items():
        takes[lead] += [
            each.key
            for each in tasks
            if each.key.endswith(effect_keys.AGAIN) and (each.stands or each.waits) and _talks(service, each.payload)
        ]
    found: dict[str, str] = {}
    for each in late:
        if not _talks(service, each.payload):
            continue
        lead, mine = each.task.lead_id, effect_keys.taken_over(here(each))
        there = next((key for key in takes[lead] if opening(key) != opening(mine)), "")
        if there:
            found[each.task.key] = there
        else:
            takes[lead].append(mine)
    return found


def _talks(service: HasRules, task: Mapping[str, Any]) -> bool:
    """Whether a task is a call or an e-mail that may join another."""
    plan = service.rules.compiled.dispatch.plays.get(str(task.get("play") or ""))
    return task.get("channel") in TALKING and plan is not None and not plan.play.separate


def opening(key: str) -> tuple[str, int] | None:
    """Which opening of which play a task is of: the steps of one stand alone."""
    step = effect_keys.play_step(effect_keys.origin(key))
    return None if step is None else (step.play, step.times)


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
    old |= {str(key): lead for task, lead in over for key in task.get("others", ())}
    if old:
        pointless_tasks.close(conn, set(old.values()), "Given to somebody else", now, lambda _lead, key: key in old)


def together(payload: Mapping[str, Any], joining: Sequence[Outgoing]) -> Mapping[str, Any]:
    """What a task says that takes the place of another, and now of those, too, whose tasks join it."""
    others = [str(row.payload["taken_over"]["key"]) for row in joining if "taken_over" in row.payload]
    over = payload.get("taken_over")
    if not others or over is None:
        return payload
    return {**payload, "taken_over": {**over, "others": [*over.get("others", ()), *others]}}


def _give_anew(conn: Sql, rows: Sequence[tuple[EffectRow, ConnectionName, Mapping[str, Any]]], now: Instant) -> int:
    """(effect, connection, task) of what takes another's place; how many are new.

    What joins another is that one's for the lead's history from now on: it is closed with it.
    """
    carried = [_carried(effect, task["joins"], now) for effect, _, task in rows if "joins" in task]
    dirty.mark(conn, sorted({LeadId(str(each.lead_id)) for each in carried}), now)
    activities.add(conn, carried)
    new = set(decided_effects.add(conn, [effect for effect, _, _ in rows]))
    wanted: defaultdict[ConnectionName, list[outbox.NewOnce]] = defaultdict(list)
    for effect, connection, task in rows:
        if effect.key in new:
            wanted[connection].append(outbox.NewOnce(key=effect.key, lead_id=effect.lead_id, payload=task))
    for connection, once in wanted.items():
        outbox.want_once(conn, connection, "task", once, now)
    return len(new)


def _carried(effect: EffectRow, by: str, now: Instant) -> NewActivity:
    """That a task is carried out by another from now on, as note_carriers.py says it of what nobody foresaw."""
    return NewActivity(
        key=f"carried:{effect.key}",
        lead_id=effect.lead_id,
        at=now,
        type="task_carried",
        properties={"task": effect_keys.origin(effect.key), "by": effect_keys.origin(by)},
        source="coldframe",
    )


def _taken_over(over: Over, now: Instant, joins: str) -> tuple[EffectRow, ConnectionName, Mapping[str, Any]]:
    each, old, story = over.task, over.task.task, over.story
    wording = dict(each.payload.get("wording") or {})
    if wording.get("subject"):
        wording["subject"] = _over(str(wording["subject"]))
        before = {name: value for name, value in wording.items() if name != "also"} | {"subject": "", "notes": ()}
        wording |= {"why": story.rstrip("."), "since": now, "also": [before, *wording.get("also", ())]}
    task = {
        **each.payload,
        "subject": _over(str(each.payload.get("subject", ""))),
        "body": f"{story}\n{each.payload.get('body', '')}",
        "due_at": over.due,
        "assignee": each.payload.get("assignee", "owner") if over.of_leaver else "pool",
        "priority": "high",
        "wording": wording,
        "taken_over": {"key": old.key, "connection": old.connection, "user": old.user, "closed": each.closed},
    }
    if over.of_leaver:
        task[pointless_tasks.OF_LEAVER] = True
    if joins:
        task["joins"] = joins
    effect = EffectRow(
        key=effect_keys.taken_over(here(each)),
        lead_id=old.lead_id,
        kind=str(each.payload.get("kind") or "task"),
        at=now,
        payload={name: value for name, value in task.items() if name not in _UNREAD},
        because=(story, *(["joins what was taken over before"] if joins else ())),
        decided_at=now,
    )
    return effect, old.connection, task


def _over(subject: str) -> str:
    """The subject of a task that takes another's place, or that of one which did."""
    return f"{_OVER}{subject.removeprefix(_OVER)}"


def here(each: OverdueTask) -> str:
    """The key of a task's effect: after a merge it is the surviving lead's."""
    return effect_keys.moved(each.task.key, LeadId(each.task.lead_id))
