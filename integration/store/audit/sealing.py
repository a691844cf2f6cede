"""Sealing: encrypts stored secrets with the installation's key, each for the one row where it stands.

AES-256-GCM with a random nonce. The key is derived from `COLDFRAME_SECRET_KEY` (HKDF-SHA256), so that the secret itself
encrypts nothing. The row's table, name and field are authenticated along with the text: sealed bytes that are moved to
another row open nowhere. A key is named by a fingerprint of the derived key, which does not reveal the secret.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORMAT = b"\x01"
_NONCE = 12
_KEY = 32
_FINGERPRINT = 12
_PURPOSE = b"coldframe: secrets at rest"


class SealError(Exception):
    """Sealed bytes do not open; the message says what to do and shows no secret."""


class UnknownKeyError(SealError):
    """Sealed with a key that this process does not have."""

    def __init__(self, key_id: str, known: Sequence[str]) -> None:
        super().__init__(
            f"sealed with the key {key_id}, and this process has {', '.join(known)}: put the secret key that was in "
            "use then into COLDFRAME_PREVIOUS_SECRET_KEYS, and run coldframe keys rotate"
        )
        self.key_id = key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where sealed bytes stand."""

    table: str
    row: str
    field: str

    def spelled(self) -> bytes:
        """The place as the associated data spells it; the parts cannot run into each other."""
        parts = (self.table, self.row, self.field)
        return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Sealed bytes, and the id of the key that opens them."""

    data: bytes
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The keys of a process: it seals with the first and opens with any. `nonce` gives that many random bytes."""

    keys: Mapping[str, bytes] = field(repr=False)
    nonce: Callable[[int], bytes] = secrets.token_bytes

    @classmethod
    def of(cls, *given: str) -> Self:
        """The keyring of these secrets, the current one first, then previous ones."""
        derived = [_derived(secret) for secret in given]
        return cls(keys={_fingerprint(key): key for key in derived})

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return next(iter(self.keys))

    def seal(self, text: bytes, place: Place) -> Sealed:
        """Seal a text for its place, with the current key."""
        nonce = self.nonce(_NONCE)
        encrypted = AESGCM(self.keys[self.current]).encrypt(nonce, text, _FORMAT + place.spelled())
        return Sealed(data=_FORMAT + nonce + encrypted, key_id=self.current)

    def open(self, sealed: Sealed, place: Place) -> bytes:
        """The text. Raises UnknownKeyError, or SealError where a byte, the place or the key id has been changed."""
        key = self.keys.get(sealed.key_id)
        if key is None:
            raise UnknownKeyError(sealed.key_id, list(self.keys))
        nonce, encrypted = sealed.data[1 : 1 + _NONCE], sealed.data[1 + _NONCE :]
        try:
            return AESGCM(key).decrypt(nonce, encrypted, sealed.data[:1] + place.spelled())
        except (InvalidTag, ValueError):
            msg = f"{place.table}.{place.field} of {place.row} was changed outside Coldframe, or moved from another row"
            raise SealError(msg) from None


def _derived(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=_PURPOSE).derive(secret.encode())


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"coldframe key id" + key).hexdigest()[:_FINGERPRINT]
