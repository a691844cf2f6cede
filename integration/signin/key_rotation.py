"""Key rotation: what is sealed with an older key is sealed again with the current one, row by row.

What survives a crash: each row is resealed in a transaction of its own, and one that has been is known by its key id.
So the rotation can be killed at any moment and run again, and goes on where it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from integration.store.audit import audit_trail
from integration.store.audit.audit_trail import Entry
from integration.store.audit.sealing import Keyring, SealError
from integration.store.crm import connections
from integration.store.crm.connections import StaleError
from integration.store.db.errors import SealedError
from integration.store.db.session import Store
from integration.store.overall import erasure_key
from mappings.values.identifiers import ConnectionName
from mappings.values.instant import Instant

ERASED = "list of who was erased"
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one row; `reason` where it was not resealed."""

    name: str
    outcome: Literal["resealed", "already", "failed"]
    before: str
    after: str
    reason: str = ""


def rotated(store: Store, keyring: Keyring, now: Instant) -> Iterator[Line]:
    """Seal every row with the current key; a line for each, once its transaction is over."""
    with store.read() as conn:
        rows = connections.every(conn)
    for row in rows:
        before = row.sealed.key_id
        if before == keyring.current:
            yield Line(name=row.name, outcome="already", before=before, after=before)
            continue
        try:
            _reseal(store, keyring, row.name, before, now)
        except SealError as error:
            yield Line(name=row.name, outcome="failed", before=before, after=before, reason=str(error))
        else:
            yield Line(name=row.name, outcome="resealed", before=before, after=keyring.current)
    yield from _erased(store, keyring, now)


def _erased(store: Store, keyring: Keyring, now: Instant) -> Iterator[Line]:
    """The key of the list of who was erased: without it, nothing could be let in any more."""
    with store.read() as conn:
        sealed = erasure_key.sealed(conn)
    if sealed is None:
        return
    before, after = sealed.key_id, keyring.current
    try:
        with store.write() as conn:
            done = erasure_key.reseal(conn, keyring)
            if done:
                told = {"before": before, "after": after}
                audit_trail.add(conn, [Entry(at=now, actor="cli", action="reseal", subject=ERASED, detail=told)])
    except SealedError as error:
        yield Line(name=ERASED, outcome="failed", before=before, after=before, reason=str(error))
    else:
        yield Line(name=ERASED, outcome="resealed" if done else "already", before=before, after=after)


def _reseal(store: Store, keyring: Keyring, name: ConnectionName, before: str, now: Instant) -> None:
    """Once more where a worker has stored a new token in between, which it may have sealed with either key."""
    for attempt in range(_TRIES):
        try:
            with store.write() as conn:
                if connections.reseal(conn, name, keyring):
                    told = {"before": before, "after": keyring.current}
                    audit_trail.add(conn, [Entry(at=now, actor="cli", action="reseal", subject=name, detail=told)])
        except StaleError:
            if attempt == _TRIES - 1:
                raise
        else:
            return
