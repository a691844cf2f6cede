"""`coldframe doctor` on people whom no CRM knows."""

from collections.abc import Iterator

from connectors.base.port import Finding
from integration.flows.people_in_sales.trouble import RECORD_FOR
from integration.store.db.session import Store
from integration.store.outgoing import people_without_records
from mappings.values.instant import Instant, show_second


def examined(store: Store, now: Instant) -> Iterator[Finding]:
    """A line for those whose tasks and touches wait for a record; it is amiss where a task has waited for an hour."""
    with store.read() as conn:
        found, unknown = people_without_records.totals(conn), people_without_records.unknown(conn)
    if not unknown and not found.people:
        return
    late = found.tasks_since is not None and found.tasks_since <= now - RECORD_FOR
    detail = f"no CRM knows {unknown}; their scores are nowhere but here"
    if found.since is not None:
        waits = f"{found.tasks} tasks and {found.touches} nurture e-mails"
        detail = f"{found.people} wait with {waits} since {show_second(found.since)}"
        detail += f"; no CRM knows {unknown}"
    remedy = (
        "coldframe letters waiting names them. Create them in the CRM, or let a mapping do it: creates, docs/mapping.md"
    )
    yield Finding(subject="people without a record", ok=not late, detail=detail, remedy=remedy if found.people else "")
