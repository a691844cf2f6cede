"""Web addresses by an exact parse: scheme, host and port, or nothing.

Parsers disagree about backslashes, user names, control characters and look-alike characters, so an
address with anything beyond ASCII letters, digits, dots and hyphens is none.
"""

import re

_PLACE = re.compile(
    r"(?P<scheme>https?)://(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|\[::1\])"
    r"(?P<port>:[0-9]{1,5})?(?:/[a-z0-9._~/-]*)?",
    re.ASCII | re.IGNORECASE,
)
_LONGEST_HOST = 253


def place(address: str) -> str:
    """Scheme, host and port of an address, in lower case; "" for one that is not plain."""
    found = _PLACE.fullmatch(address)
    if found is None or len(found["host"]) > _LONGEST_HOST:
        return ""
    return f"{found['scheme']}://{found['host']}{found['port'] or ''}".lower()
