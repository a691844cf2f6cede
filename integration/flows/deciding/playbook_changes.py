"""Playbook changes: what a changed playbook carries out of what it finds in the past, and what it only records.

What fell due before the playbook was published belongs to the one before: it is recorded, and not carried out, unless a
sender delivered something about the lead that nobody had decided about yet. Who passes the gate now is handed to
sales now, so many in an hour (COLDFRAME_TASKS_PER_HOUR), with the story and the due time of that hour.
Rule: [rules: playbook changes].
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Sql

from integration.core.model.effects import TaskWanted
from integration.core.run.decide import Decision
from integration.core.run.playbook_change import as_of, handed_over
from integration.flows.base import write_access
from integration.flows.base.service import Deriving, PacedRules
from integration.flows.deciding.handover_pace import Pace
from integration.flows.history.lead_events import History
from integration.store.events.activities import ActivityRow
from integration.store.people.leads import LeadRow
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A task of the handoff as it is written at its time, and that time."""

    task: TaskWanted
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Handovers:
    """Who passes a changed playbook's gate now: their tasks by key, and the pace, which goes on from there."""

    tasks: Mapping[str, Handover]
    pace: Pace

    def keep(self, conn: Sql, now: Instant) -> None:
        """Store from when on the next lead may be handed over, where somebody is."""
        if self.tasks:
            self.pace.keep(conn, now)


def live_from(service: Deriving, anew: Sequence[tuple[LeadRow, History]]) -> dict[LeadId, Instant]:
    """For leads that are derived anew: what is older than this is the former playbook's.

    That is the publication, or the earliest of what senders delivered that no decision has seen; what was read from a
    CRM makes nothing of the past live.
    """
    if service.rules.version is None:
        return {}
    published = service.rules.version.at
    return {row.id: min([published, *(deed.at for deed in delivered(service, past))]) for row, past in anew}


def delivered(service: Deriving, past: History) -> Iterator[ActivityRow]:
    """What senders delivered that no decision has seen; not what was read from a CRM, nor what was derived."""
    return (deed for deed in past.unseen if not deed.derived and deed.source not in service.connections)


def handovers(
    conn: Sql, service: PacedRules, anew: Sequence[tuple[LeadRow, History, Decision]], free: Instant, now: Instant
) -> Handovers:
    """The tasks of those who pass the gate now and did not under the former playbook, each with its time.

    `free` is when the next lead may be handed over. Nobody is where the playbook was published quietly.
    """
    version, found = service.rules.version, {}
    rate = version.tasks_per_hour if version is not None else None
    if rate is None:
        rate = write_access.limits(conn, service.going_live).tasks_per_hour if anew else 0
    pace, published = Pace(free, rate), version.at if version is not None else now
    for row, past, decision in anew if version is None or not version.quiet else ():
        passing = handed_over(service.rules.compiled, decision, past.events, row.stage, now)
        tasks = [each for each in passing if each.at < published]
        if not tasks:
            continue
        at = pace.take()
        for task in tasks:
            found[task.key] = Handover(task=as_of(service.rules.compiled, decision.state, task, at), at=at)
    return Handovers(tasks=found, pace=pace)
