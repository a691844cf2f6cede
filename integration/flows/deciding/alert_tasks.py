"""Alert tasks: an alert about a lead that the routing sends to somebody by role is a task in the CRM.

The task goes the way of every task: its person by role, its words from what is known of the lead, once by its key.
What survives a crash: effect and outbox row are stored with the alert, in one transaction.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection as Sql

from integration.core.model import effect_keys
from integration.core.model.effects import TaskWanted, Wording
from integration.core.rules.calendar import in_working_time
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import HasCrms, HasRules
from integration.flows.delivering.write_decisions import as_row, as_task, home
from integration.routing.alert_rules import AlertTask, TaskRole
from integration.store.events import decided_effects
from integration.store.outgoing import outbox
from integration.store.outgoing.alerts import RaisedAlert
from integration.store.people import record_references
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant


class Tasking(HasCrms, HasRules, HasRouting, Protocol):
    """What it takes to make tasks of alerts."""


def want_tasks(conn: Sql, service: Tasking, new: Sequence[RaisedAlert], now: Instant) -> set[ConnectionName]:
    """Have the alerts that go to people as tasks written; the connections that have something to deliver.

    A clock's escalation is a task already: a breach makes no second one for the same role.
    """
    effects = [
        _task(service, each, each.lead_id, role, now)
        for each in new
        if each.lead_id is not None
        for role in _roles(service, each.alert)
    ]
    if not effects:
        return set()
    known = record_references.of_leads(conn, {effect.lead for effect in effects})
    fresh = set(decided_effects.add(conn, [as_row(effect, now, None, service.rules.number) for effect in effects]))
    wanted: defaultdict[ConnectionName, list[outbox.NewOnce]] = defaultdict(list)
    for effect in effects:
        where = home(service.connections, {reference.connection for reference in known.get(effect.lead, ())})
        if where is not None and effect.key in fresh:
            wanted[where].append(outbox.NewOnce(key=effect.key, lead_id=effect.lead, payload=as_task(effect)))
    for where, rows in wanted.items():
        outbox.want_once(conn, where, "task", rows, now)
    return set(wanted)


def _roles(service: Tasking, alert: str) -> list[TaskRole]:
    rules = service.routing.alerts
    goals = rules.goals(alert) if rules is not None else ()
    escalated = {
        clock.escalate_to for clock in service.rules.playbook.clocks if alert == f"{clock.name}_{effect_keys.BREACH}"
    }
    return [goal.role for goal in goals if isinstance(goal, AlertTask) and goal.role not in escalated]


def _task(service: Tasking, raised: RaisedAlert, lead: LeadId, role: TaskRole, now: Instant) -> TaskWanted:
    subject, body = raised.text or raised.alert.replace("_", " "), "\n".join(raised.because)
    notes = tuple(_plain(each) for each in raised.because)
    return TaskWanted(
        key=effect_keys.alert_task(raised.key, role),
        lead=lead,
        at=now,
        because=(f"alert {raised.alert}",),
        play="",
        step=1,
        channel="task",
        due_at=in_working_time(service.rules.playbook.calendar, now),
        assignee=role,
        priority="high",
        subject=subject,
        body=body,
        wording=Wording(subject=_plain(subject), notes=notes),
    )


def _plain(text: str) -> str:
    """A text as a template that says just this."""
    return text.replace("{", "{{").replace("}", "}}")
