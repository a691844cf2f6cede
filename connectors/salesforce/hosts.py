"""Salesforce's own addresses, known by an exact parse: a token goes to these and to no others.

Parsers disagree about backslashes, user names, control characters and letters that only look like others, so an
address that holds anything beyond plain letters, digits, dots and hyphens is none.
"""

import re

_PLACE = re.compile(
    r"(?P<scheme>https?)://(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|\[::1\])"
    r"(?P<port>:[0-9]{1,5})?(?:/[a-z0-9._~/-]*)?",
    re.ASCII | re.IGNORECASE,
)
_DOMAINS = (".salesforce.com", ".force.com", ".salesforce.mil", ".cloudforce.com")
_LONGEST_HOST = 253


def place(address: str) -> str:
    """Scheme, host and port of an address, in small letters; "" for one that is not plain."""
    found = _PLACE.fullmatch(address)
    if found is None or len(found["host"]) > _LONGEST_HOST:
        return ""
    return f"{found['scheme']}://{found['host']}{found['port'] or ''}".lower()


def salesforces(address: str) -> bool:
    """Whether an address is one of Salesforce's own, which a token may be sent to: https, at the usual port."""
    where = place(address).removesuffix(":443")
    return where.startswith("https://") and where.endswith(_DOMAINS)
