"""Signatures: whether a delivery is really its sender's, over the raw bytes, compared in constant time.

Whatever a header holds, there is an answer: what is missing, malformed or not ASCII is forged.
Several secrets may be live at once, so that one can be replaced while deliveries signed with the other are under way.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, TypeAlias

from mappings.values.instant import SECOND, Instant, Span

TOLERANCE: Span = 300 * SECOND
"""How far a delivery's timestamp may lie from our clock, either way. [HubSpot, Standard Webhooks]"""


class Headers(Protocol):
    """A request's headers, spelled in any case."""

    def get(self, name: str, default: str, /) -> str:
        """What a header holds; `default` where it is not there."""


Judgement: TypeAlias = Literal["genuine", "stale", "forged"]
"""`stale`: rightly signed, but its time is too far from ours. An old delivery replayed, or a clock that is wrong."""

STANDARD_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")

STANDARD_PREFIX = "whsec_"

_MOST_SIGNATURES = 8
DIGITS = re.compile(r"[0-9]{1,16}", re.ASCII)


def _among(given: Iterable[bytes], wanted: Iterable[bytes]) -> bool:
    """Whether any given digest equals any wanted one; looks at all of them, each in constant time."""
    candidates = tuple(given)
    found = False
    for right in wanted:
        for candidate in candidates:
            found |= hmac.compare_digest(candidate, right)
    return found


def among(given: str, secrets: Iterable[str]) -> bool:
    """Whether a text is one of the secrets; takes the same time whichever it is, or none."""
    return _among((given.encode(),), (secret.encode() for secret in secrets if secret))


def judged(given: Iterable[bytes], wanted: Iterable[bytes], *, at: Instant, now: Instant) -> Judgement:
    """What comes of a delivery of the moment `at` whose digests are `given`, where the `wanted` ones would be right."""
    if not _among(given, wanted):
        return "forged"
    return "genuine" if abs(now - at) <= TOLERANCE else "stale"


def standard(headers: Headers, body: bytes, *, keys: Sequence[bytes], now: Instant) -> Judgement:
    """Judge a delivery as Standard Webhooks signs it: v1,base64(HMAC-SHA256(id.timestamp.body)).

    `headers` hold STANDARD_HEADERS, spelled so; `keys` come from `standard_keys`. The signature header may list
    several, parted by spaces, during a rotation. The format's own library raises four kinds of error at malformed
    headers; this has nothing to raise. [standard webhooks: specification]
    """
    name, stamp, signatures = (headers.get(header, "") for header in STANDARD_HEADERS)
    if not (name and name.isascii() and signatures.isascii() and DIGITS.fullmatch(stamp)):
        return "forged"
    given = [part[3:].encode("ascii") for part in signatures.split(" ")[:_MOST_SIGNATURES] if part.startswith("v1,")]
    message = b".".join((name.encode("ascii"), stamp.encode("ascii"), body))
    wanted = (base64.b64encode(hmac.digest(key, message, "sha256")) for key in keys if key)
    return judged(given, wanted, at=int(stamp) * SECOND, now=now)


def standard_keys(secret: str) -> tuple[bytes, ...]:
    """The HMAC keys that a configured secret may stand for; ValueError where `whsec_` is not followed by base64.

    Without the prefix, senders disagree whether the text itself or its base64 decoding is the key: both are accepted.
    """
    if secret.startswith(STANDARD_PREFIX):
        return (_decoded(secret.removeprefix(STANDARD_PREFIX)),)
    try:
        return (secret.encode(), _decoded(secret))
    except ValueError:
        return (secret.encode(),)


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        msg = "not base64"
        raise ValueError(msg) from error
    if not key:
        msg = "empty"
        raise ValueError(msg)
    return key
