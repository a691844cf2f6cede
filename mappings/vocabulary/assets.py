"""Assets: whether two activities are about the same page, file, form or event. Pure.

A page is its address without scheme, `www.`, query, fragment, case of the host and closing slash; anything else is the
name given. [rules: scores]
"""

import re
from functools import lru_cache
from hashlib import blake2b
from unicodedata import normalize

from mappings.vocabulary.addresses import parted

_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//|/|www\.|(?=[^/\s?#]+\.[^/\s?#])[^/\s?#]+/")
"""How an address begins that stands where a name is expected: with a scheme, a slash or a host and a slash."""

_LONGEST = 200
"""Characters of what is kept whole."""
_KEPT = 120


def identity(value: object, *, address: bool = False) -> str:
    """What an asset is compared by; "" where there is none. `address`: the value is one, however it begins.

    Numbers and truth values count as they are written; whole ones without a fraction. What is long is its beginning and
    a digest, since states keep it.
    """
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        whole = isinstance(value, float) and value.is_integer()
        return _worked_out(f"{value:.0f}" if whole else str(value), address=False)
    return (_remembered if len(value) <= _LONGEST else _worked_out)(value, address=address)


def _worked_out(text: str, *, address: bool) -> str:
    name = text.strip()
    if address or _ADDRESS.match(name):
        host, path = parted(name)
        name = host + path or ("/" if name else "")
    name = normalize("NFC", name)
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_KEPT]}… {blake2b(name.encode('utf-8', 'replace'), digest_size=12).hexdigest()}"


_remembered = lru_cache(maxsize=8_192)(_worked_out)
