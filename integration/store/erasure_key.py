"""The key that hashes the names of who was erased: random, made at the first erasure, sealed under the secret key.

A key of its own outlives every rotation of the secret key: what is sealed anew is the key, not the hashes, which
nobody could make anew without the names. Without any secret key that opens it, nothing is let in, rather than
somebody who was erased.
"""

import base64
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, bindparam, select, update

from integration.store.dialects import insert_new
from integration.store.errors import SealedError
from integration.store.tables import erasure_keys

LENGTH = 32
"""Bytes of randomness that `make` wants."""

_NONCE = 12
_ABOUT = b"coldframe erasure key 1"
_GET = select(erasure_keys.c.sealed)
_KEEP = insert_new(erasure_keys, ["id"])
_SEAL = update(erasure_keys).values(sealed=bindparam("new"))


def read(conn: Connection, secrets: Sequence[str]) -> bytes | None:
    """The key, or None before the first erasure. Raises SealedError where none of the secrets opens it."""
    sealed = conn.execute(_GET).scalar()
    return None if sealed is None else _opened(bytes(sealed), secrets)[0]


def make(conn: Connection, secrets: Sequence[str], fresh: bytes) -> bytes:
    """The key, made of `fresh` randomness (key, then nonce) where there is none yet; sealed under the first secret."""
    if not secrets:
        msg = "no secret key is given to seal the list of who was erased with"
        raise SealedError(msg)
    key, nonce = fresh[:LENGTH], fresh[LENGTH : LENGTH + _NONCE]
    conn.execute(_KEEP.on(conn), {"id": 1, "sealed": _closed(key, secrets[0], nonce)})
    held = bytes(conn.execute(_GET).scalar_one())
    known, place = _opened(held, secrets)
    if place:
        conn.execute(_SEAL, {"new": _closed(known, secrets[0], nonce)})
    return known


def randomness() -> int:
    """How many bytes `make` needs."""
    return LENGTH + _NONCE


def _opened(sealed: bytes, secrets: Sequence[str]) -> tuple[bytes, int]:
    for place, secret in enumerate(secrets):
        try:
            return AESGCM(_derived(secret)).decrypt(sealed[:_NONCE], sealed[_NONCE:], _ABOUT), place
        except InvalidTag:
            continue
    msg = (
        "the list of who was erased is sealed under another COLDFRAME_SECRET_KEY; name that one among the previous "
        "keys, or nobody can tell who must not come back"
    )
    raise SealedError(msg)


def _closed(key: bytes, secret: str, nonce: bytes) -> bytes:
    return nonce + AESGCM(_derived(secret)).encrypt(nonce, key, _ABOUT)


def _derived(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=LENGTH, salt=None, info=_ABOUT).derive(secret.encode())


def shown(digest: bytes) -> str:
    """A hash as it stands in the table."""
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
