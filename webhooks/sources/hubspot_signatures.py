"""HubSpot's signature v3: whether a delivery is really from HubSpot."""

import base64
import hmac
import re
from collections.abc import Sequence

from mappings.values.instant import SECOND, Instant
from webhooks import signatures
from webhooks.signatures import Headers, Judgement

TIMESTAMP = "X-HubSpot-Request-Timestamp"
HEADERS = ("X-HubSpot-Signature-v3", TIMESTAMP)

# HubSpot decodes these characters of the URI, and no others, before it signs.
_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ESCAPES = re.compile("|".join(_DECODED), re.IGNORECASE)


def judged(headers: Headers, body: bytes, *, uri: str, secrets: Sequence[str], now: Instant) -> Judgement:
    """Judge a POST by HubSpot's signature v3: base64(HMAC-SHA256(secret, POST + URI + body + timestamp)).

    `headers` hold HEADERS, spelled so. `uri` is the full address under which HubSpot knows us (the configured
    public URL), since proxies change what the request itself shows. [hubspot: signatures]
    """
    signature, stamp = (headers.get(name, "") for name in HEADERS)
    if not (signature.isascii() and uri.isascii() and signatures.DIGITS.fullmatch(stamp)):
        return "forged"
    plain = _ESCAPES.sub(lambda escape: _DECODED[escape.group().upper()], uri)
    message = b"".join((b"POST", plain.encode("ascii"), body, stamp.encode("ascii")))
    wanted = (base64.b64encode(hmac.digest(secret.encode(), message, "sha256")) for secret in secrets if secret)
    return signatures.judged((signature.encode("ascii"),), wanted, at=int(stamp) * (SECOND // 1_000), now=now)
