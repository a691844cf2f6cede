"""Alert tasks: an alert about a lead that the routing sends to somebody by role is a task in the CRM.

The task goes the way of every task: its person by role, its words from what is known of the lead, once by its key.
"""

from collections.abc import Iterable
from typing import Protocol

from integration.core.handoff.wording import literal
from integration.core.model import effect_keys
from integration.core.model.effects import TaskWanted, Wording
from integration.core.rules.calendar import in_working_time
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import HasRules
from integration.routing.alert_rules import AlertTask, TaskRole
from integration.store.outgoing.alerts import RaisedAlert
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


class Tasking(HasRules, HasRouting, Protocol):
    """The playbook and its clocks, and where alerts go."""


def tasks_of(service: Tasking, new: Iterable[RaisedAlert], now: Instant) -> list[TaskWanted]:
    """The tasks of the alerts that go to people as tasks.

    A clock's escalation is a task already: a breach makes no second one for the same role.
    """
    return [
        _task(service, each, each.lead_id, role, now)
        for each in new
        if each.lead_id is not None
        for role in _roles(service, each.alert)
    ]


def _roles(service: Tasking, alert: str) -> list[TaskRole]:
    rules = service.routing.alerts
    goals = rules.goals(alert) if rules is not None else ()
    escalated = {
        clock.escalate_to for clock in service.rules.playbook.clocks if alert == f"{clock.name}_{effect_keys.BREACH}"
    }
    return [goal.role for goal in goals if isinstance(goal, AlertTask) and goal.role not in escalated]


def _task(service: Tasking, raised: RaisedAlert, lead: LeadId, role: TaskRole, now: Instant) -> TaskWanted:
    subject, body = raised.text or raised.alert.replace("_", " "), "\n".join(raised.because)
    notes = tuple(literal(each) for each in raised.because)
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
        wording=Wording(subject=literal(subject), notes=notes),
    )
