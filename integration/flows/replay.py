"""Replaying dead letters: what failed goes back to where it failed, once, and the audit says who asked."""

from collections.abc import Sequence

from integration.flows.raise_alerts import lanes as alert_lanes
from integration.flows.service import Service
from integration.flows.unanswered import wishes
from integration.store import audit, inbox, letters, outbox, refresh
from integration.store.audit import Entry
from integration.store.letters import Letter
from integration.store.refresh import Wanted
from mappings.instant import Instant


def replay(service: Service, ids: Sequence[int], *, actor: str, now: Instant) -> set[int]:
    """Replay these letters and wake their lanes; the ids that were not replayed before.

    A delivery that could not be read is read again whole: facts that are stored already count once. A write that a CRM
    refused is pending again, a record that could not be taken whole is read anew, and what a CRM would not answer is
    asked again. All in one transaction, so that a letter is either waiting or replayed.
    """
    with service.store.write() as conn:
        fresh = letters.replayed(conn, ids, now)
        found = letters.get(conn, sorted(fresh))
        inbox.revive(conn, sorted({int(letter.ref.partition(":")[0]) for letter in found if letter.stage == "ingest"}))
        outbox.revive(conn, [int(letter.ref) for letter in found if letter.stage == "deliver"], now)
        refresh.want(conn, _records(found))
        audit.add(conn, [Entry(at=now, actor=actor, action="replay", subject=f"letter {each.id}") for each in found])
    both = (f"{kind}:{name}" for name in service.connections for kind in ("deliver", "refresh"))
    for lane in ("ingest", *both, *alert_lanes(service)):
        service.wake(lane)
    return fresh


def _records(found: Sequence[Letter]) -> list[Wanted]:
    """The records that letters are about, and what was looked for, each in the connection that is the source."""
    those = [letter for letter in found if letter.stage == "refresh"]
    parted = [(letter.source, *letter.ref.partition(":")) for letter in those]
    records = [Wanted(connection=name, object=kind, external_id=key) for name, kind, colon, key in parted if colon]
    return records + [wish for letter in those for wish in wishes(letter)]
