"""Read again: asks for every record of one lead and of its company to be read anew, at once.

The records are noted in one transaction, and read by each connection's own lane; a crash loses nothing.
"""

from typing import Protocol

from integration.flows.base.service import HasCrms, Waking
from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.people import record_references
from integration.store.people.leads import LeadRow
from integration.store.queues import records_to_read
from integration.store.queues.records_to_read import Wanted


class ReadingAgain(Waking, HasCrms, Protocol):
    """What asking for records takes."""


def read_again(service: ReadingAgain, row: LeadRow, noted: Entry) -> int:
    """How many records are to be read now; those of connections that are not connected are not. `noted` is audited."""
    with service.store.write() as conn:
        known = record_references.of_leads(conn, [row.id]).get(row.id, [])
        if row.account_id:
            known = [*known, *record_references.of_accounts(conn, [row.account_id]).get(row.account_id, [])]
        those = [
            Wanted(connection=each.connection, object=each.object, external_id=each.external_id)
            for each in known
            if each.connection in service.connections
        ]
        records_to_read.want(conn, those)
        if those:
            audit_trail.add(conn, [noted])
    for name in sorted({each.connection for each in those}):
        service.wake(f"refresh:{name}")
    return len(those)
