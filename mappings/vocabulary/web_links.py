"""Web links: pages that somebody saw as links that show where they lead. Pure.

A page is named by its address without the scheme (see mappings/vocabulary/assets.py); a link to it is always https.
"""

import re
from functools import lru_cache
from urllib.parse import quote

from mappings.model.task_text import Link, Part
from mappings.vocabulary.addresses import parted

_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}(?::\d{1,5})?\Z")
"""A host of the public web as `parted` writes it: no user, no bare name, no numbers alone."""


def web_link(what: str) -> Part:
    """A page (`acme.example/pricing`) as a link; anything else as plain words."""
    return what if "/" not in what or "…" in what else _linked(what)


@lru_cache(maxsize=4_096)
def _linked(what: str) -> Part:
    host, path = parted(what)
    if not _HOST.match(host) or what != host + path:
        return what
    link = Link(f"https://{host}{quote(path, safe='/-._~!$&()*+,;=:@')}")
    return link if link.safe else what
