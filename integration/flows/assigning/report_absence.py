"""Report absence: who is away besides what routing.yaml says, at once and for all workers.

What survives a crash: the absence and its line in the audit trail, in one transaction.
"""

from collections.abc import Sequence
from typing import Protocol

from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import HasRules, HasStore
from integration.routing.availability import zone_of
from integration.routing.routing_rules import Absence
from integration.store.assigning import absences
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.crm import crm_users
from integration.store.db.session import serialise
from mappings.values.instant import day_in


class Reporting(HasStore, HasRules, HasRouting, Protocol):
    """The store, and in which zone somebody's days are counted."""


def report_absence(service: Reporting, person: str, days: Absence | None, *, back: bool, actor: str) -> Sequence[str]:
    """Keep that somebody is away on these days too, or is `back`; when they are reported away now.

    What is over is forgotten. The audit trail has people by their ids in the CRMs.
    """
    zone = zone_of(service.routing.person(person), service.rules.playbook.calendar)
    today = day_in(service.now(), zone).isoformat()
    with service.store.write() as conn:
        serialise(conn, "absences")
        reported = absences.reported(conn)
        before = () if back else reported.get(person, ())
        new = () if days is None else (str(days),)
        kept = tuple(dict.fromkeys(each for each in (*before, *new) if each.rpartition("..")[2] >= today))
        if kept != reported.get(person, ()):
            absences.keep(conn, {**reported, person: kept}, service.now())
            detail = {"away": list(kept)}
            users = crm_users.by_email(conn, [person]).get(person, [])
            subject = ", ".join(f"{connection}:{user.id}" for connection, user in users) or "somebody without a user"
            audit_trail.add(conn, [Entry(at=service.now(), actor=actor, action="away", subject=subject, detail=detail)])
    return kept
