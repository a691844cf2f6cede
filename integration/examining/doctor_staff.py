"""`coldframe doctor` on people in sales: who is known, and which tasks have nobody to go to."""

from collections.abc import Iterator, Sequence

from connectors.base.port import Finding, Unavailable
from integration.flows.assigning.assignee_reasons import remedy
from integration.flows.base.service import Connection
from integration.store.crm import crm_users
from integration.store.db.session import Store
from integration.store.outgoing import unassigned
from integration.wiring.connection_names import Known
from mappings.values.identifiers import System
from mappings.values.instant import show_second


def waiting(store: Store) -> Iterator[Finding]:
    """A line for every reason for which tasks wait, with the remedy."""
    with store.read() as conn:
        found = unassigned.counts(conn)
    for each in found:
        subject = f"{each.connection}: tasks for nobody"
        detail = f"{each.count} wait since {show_second(each.since)}: {each.said}"
        yield Finding(subject=subject, ok=False, detail=detail, remedy=remedy(each.reason, each.connection))


def known(store: Store, connections: Sequence[Known]) -> Iterator[Finding]:
    """A line for every connection: who can own records there, and when that was last read."""
    with store.read() as conn:
        counted = crm_users.counts(conn)
        readings = {each.name: crm_users.last_reading(conn, each.name) for each in connections}
    for each in connections:
        name, reading = each.name, readings[each.name]
        if reading is None:
            continue  # the first task, or the hourly job, reads them
        active, left, queues = (
            counted.get((name, "person", True), 0),
            counted.get((name, "person", False), 0),
            counted.get((name, "queue", True), 0),
        )
        detail = (
            f"{active} people who can get tasks, {left} who have left, {queues} queues; read {show_second(reading.at)}"
        )
        yield Finding(subject=f"{name}: people", ok=active > 0, detail=detail, remedy=_empty(active, each.system))


def words(connection: Connection) -> Iterator[Finding]:
    """Whether the CRM has a word for everything that a task says."""
    try:
        said = connection.connector.task_words()
    except Unavailable:
        return  # reported beside it
    for fallback in said.fallbacks:
        remedy_ = f"look at the values of the task's status and priority in {connection.system.capitalize()}"
        yield Finding(subject="task words", ok=False, detail=fallback, remedy=remedy_)
    if not said.fallbacks:
        used = (said.opened, said.closed, *said.priorities.values())
        told = dict.fromkeys(str(word) for fields in used for word in fields.values())
        yield Finding(subject="task words", ok=True, detail=", ".join(told))


def _empty(active: int, system: System) -> str:
    return "" if active else f"let the integration user see the users of {system}"
