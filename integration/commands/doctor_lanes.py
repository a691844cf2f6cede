"""What `coldframe doctor` says of the lanes and of connections: whatever keeps one of them from its work."""

from collections.abc import Iterator

from connectors.base import Finding
from connectors.edges import MOVED
from integration.flows import unread
from integration.flows.service import Connection
from integration.store import lanes, leases
from integration.store.session import Store
from mappings.instant import Instant, show


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


def waiting(store: Store, connection: Connection, now: Instant) -> Iterator[Finding]:
    """What a CRM has made a connection wait for, and the objects whose changes it will not show.

    What a person has paused is said elsewhere.
    """
    name, system = connection.name, connection.system
    with store.read() as conn:
        pause = lanes.paused(conn, now).get(name)
        hidden = unread.known(conn, name, connection.mapping.objects)
    if pause is not None and pause.until is not None:
        moved = f"set its new address, or sign in there: coldframe connect {system}"
        yield Finding(
            subject=f"{name}: waits",
            ok=False,
            detail=f"until {show(pause.until)}: {pause.reason}",
            remedy=moved if pause.reason.startswith(MOVED) else "Nothing is lost; it goes on by itself.",
        )
    for each in hidden:
        yield Finding(
            subject=f"{name}: {each.object}",
            ok=False,
            detail=f"its changes are not read since {show(each.since)}: {each.said}",
            remedy=f"It is asked for at every poll. Where a right is missing, give it to {name}'s user, "
            "or take the object out of the mapping.",
        )
