"""What `coldframe doctor` says of people whom no CRM knows."""

from collections.abc import Iterator

from connectors.base import Finding
from integration.flows.trouble import RECORD_FOR
from integration.store import unrecorded
from integration.store.session import Store
from mappings.instant import Instant, show


def examined(store: Store, now: Instant) -> Iterator[Finding]:
    """A line for those whose tasks and touches wait for a record; it is amiss where a task has waited for an hour."""
    with store.read() as conn:
        found, unknown = unrecorded.totals(conn), unrecorded.unknown(conn)
    if not unknown and not found.people:
        return
    late = found.tasks_since is not None and found.tasks_since <= now - RECORD_FOR
    detail = f"no CRM knows {unknown}; their scores are nowhere but here"
    if found.since is not None:
        detail = f"{found.people} wait with {found.tasks} tasks and {found.touches} touches since {show(found.since)}"
        detail += f"; no CRM knows {unknown}"
    remedy = (
        "coldframe letters waiting names them. Create them in the CRM, or let a mapping do it: creates, docs/mapping.md"
    )
    yield Finding(subject="people without a record", ok=not late, detail=detail, remedy=remedy if found.people else "")
