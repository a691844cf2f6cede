"""What `coldframe doctor` says of the lanes: whatever keeps one of them from its work."""

from collections.abc import Iterator

from connectors.base import Finding
from integration.store import leases
from integration.store.session import Store
from mappings.instant import show


def examined(store: Store) -> Iterator[Finding]:
    """Each lane whose lease is dated further ahead than a lease can last."""
    with store.read() as conn:
        ahead = leases.dated_ahead(conn)
    for lane, holder, end in ahead:
        yield Finding(
            subject=f"lane {lane}",
            ok=False,
            detail=f"its lease, held by {holder}, is dated ahead to {show(end)}: the clock was wrong when it was given",
            remedy="Correct the clock of the database's machine. The next worker takes the lane over by itself.",
        )
