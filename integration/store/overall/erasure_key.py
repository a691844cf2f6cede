"""The key that hashes the names of erased people: random, made at the first erasure, sealed like any other secret.

A key of its own outlives every rotation of the secret key: what is sealed anew is the key, not the hashes, which
nobody could make anew without the names. Without any secret key that opens it, nothing is let in, rather than
somebody who was erased.
"""

import base64

from sqlalchemy import Connection, bindparam, select, update

from integration.store.audit.sealing import Keyring, Place, Sealed, SealError
from integration.store.db.dialects import insert_new
from integration.store.db.errors import SealedError
from integration.store.schema.tables import erasure_keys

LENGTH = 32
"""Bytes of randomness that `make` wants."""

_PLACE = Place(table="erasure_keys", row="1", field="sealed")
_GET = select(erasure_keys.c.sealed, erasure_keys.c.key_id)
_KEEP = insert_new(erasure_keys, ["id"])
_SEAL = update(erasure_keys).values(sealed=bindparam("new"), key_id=bindparam("by"))


def read(conn: Connection, keyring: Keyring) -> bytes | None:
    """The key, or None before the first erasure. Raises SealedError where the keyring does not open it."""
    found = sealed(conn)
    if found is None:
        return None
    try:
        return keyring.open(found, _PLACE)
    except SealError as error:
        msg = (
            "the list of who was erased is sealed under another COLDFRAME_SECRET_KEY; name that one among the previous "
            "keys, or nobody can know who must not come back"
        )
        raise SealedError(msg) from error


def make(conn: Connection, keyring: Keyring, fresh: bytes) -> bytes:
    """The key, made of `fresh` randomness where there is none yet."""
    if not keyring.keys:
        msg = "no secret key is given to seal the list of who was erased with"
        raise SealedError(msg)
    closed = keyring.seal(fresh[:LENGTH], _PLACE)
    conn.execute(_KEEP.on(conn), {"id": 1, "sealed": closed.data, "key_id": closed.key_id})
    reseal(conn, keyring)
    return read(conn, keyring) or b""


def reseal(conn: Connection, keyring: Keyring) -> bool:
    """Seal the key with the current secret key; False where it is, or where there is none. Raises SealedError."""
    found, key = sealed(conn), read(conn, keyring)
    if found is None or key is None or found.key_id == keyring.current:
        return False
    closed = keyring.seal(key, _PLACE)
    conn.execute(_SEAL, {"new": closed.data, "by": closed.key_id})
    return True


def sealed(conn: Connection) -> Sealed | None:
    """The key as it is stored; None before the first erasure."""
    found = conn.execute(_GET).one_or_none()
    return None if found is None else Sealed(data=bytes(found.sealed), key_id=found.key_id)


def shown(digest: bytes) -> str:
    """A hash as it stands in the table."""
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
