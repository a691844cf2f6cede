"""Erased people: keyed hashes of their names, so that nothing brings them back by accident.

The table reveals nobody: a hash can be compared with a name that comes in, and not be read. [names:
mappings.values.person_names]
"""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, delete, exists, func, select, update

from integration.store.audit.sealing import Keyring
from integration.store.db import counters
from integration.store.db.dialects import among, upsert
from integration.store.db.json_codec import listed
from integration.store.overall import erasure_key
from integration.store.schema.tables import erased, suspects
from mappings.values import person_names
from mappings.values.instant import Instant

ERASING = "erasing"
"""The lane under which the hashes of those are suspects whose erasure fails."""
_SPELLING = "2:"
"""What stands before an e-mail in the one spelling, when it is hashed."""
_e = erased.c
_ANY = select(exists().where(_e.hash.is_not(None)))
_KNOWN = select(_e.hash, _e.person).where(among(_e.hash, "hashes"))
_ADD = upsert(erased, ["hash"], lambda new: {"pending": func.coalesce(new.pending, _e.pending)})
_aside = exists().where(suspects.c.lane == ERASING, suspects.c.item == _e.hash, suspects.c.letter.is_not(None))
_PENDING = select(_e.hash, _e.pending).where(_e.pending.is_not(None), ~_aside).order_by(_e.hash).limit(bindparam("n"))
_DONE = update(erased).where(_e.pending.is_not(None), among(_e.pending, "names")).values(pending=None)
_FORGET = delete(erased).where(among(_e.person, "persons"))


def anybody(conn: Connection) -> bool:
    """Whether anybody was ever erased."""
    return bool(conn.execute(_ANY).scalar_one())


def known(conn: Connection, keyring: Keyring, names: Iterable[str]) -> dict[str, str]:
    """Those of the names that were erased, and under which person. Raises SealedError."""
    key = erasure_key.read(conn, keyring)
    if key is None:
        return {}
    by_hash: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        for digest in _hashes(key, name):
            by_hash[digest].append(name)
    found = conn.execute(_KNOWN, {"hashes": listed(by_hash)}).all() if by_hash else ()
    return {name: person for digest, person in found for name in by_hash[digest]}


def add(conn: Connection, key: bytes, names: Mapping[str, str], at: Instant, *, pending: bool = False) -> None:
    """From now on these names (→ person) are erased; `pending` keeps the names until `done`."""
    rows = [
        {"hash": hashed(key, name), "person": person, "at": at, "pending": name if pending else None}
        for name, person in sorted(names.items())
    ]
    if rows:
        conn.execute(_ADD.on(conn), rows)


def pending(conn: Connection, limit: int) -> list[tuple[str, str]]:
    """(hash, name) of those about whom something may still be stored, but for those that were set aside."""
    return [(digest, name) for digest, name in conn.execute(_PENDING, {"n": limit})]


def done(conn: Connection, names: Iterable[str]) -> None:
    """Nothing is stored about these any more."""
    conn.execute(_DONE, {"names": listed(names)})


def forget(conn: Connection, persons: Iterable[str]) -> int:
    """These persons may come back; how many names that lets in."""
    return conn.execute(_FORGET, {"persons": listed(persons)}).rowcount


def hashed(key: bytes, name: str) -> str:
    """HMAC-SHA256 of a name; an e-mail's is marked as one of the spelling of `mappings.values.emails`."""
    return unmarked(key, name if person_names.email(name) is None else f"{_SPELLING}{name}")


def unmarked(key: bytes, name: str) -> str:
    """HMAC-SHA256 of a name as it stands: the hash under which earlier versions kept it."""
    return erasure_key.shown(hmac.digest(key, name.encode(), "sha256"))


def _hashes(key: bytes, name: str) -> list[str]:
    """The hash of a name, and those under which earlier versions kept it: they case-folded addresses as they came.

    Such a hash does not say which of two people it was, `straße@` or `strasse@`: both are kept out.
    """
    return [hashed(key, name), *(unmarked(key, each) for each in person_names.earlier(name))]


def count(conn: Connection, more: int) -> None:
    """So many more things were dropped because they were about somebody erased."""
    if more:
        counters.add(conn, "erased_dropped", more)


def dropped(conn: Connection) -> int:
    """How many things were dropped because they were about somebody erased."""
    return counters.value(conn, "erased_dropped")
