"""A company's domain, from a web address or an e-mail address: the one that it has registered.

What comes before the domain that can be registered (`www`, a shop, a mail server) is dropped, by the Public Suffix List
that comes with tldextract: nothing is ever downloaded. What people have below a provider's name (`acme.github.io`)
counts as registered.
"""

import re
from functools import lru_cache

from tldextract import TLDExtract

from mappings.values import emails

_parted = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})", re.ASCII)
_LONGEST = 253
_LOOKED_AT = 2_000
"""Characters of a web address in which its domain must stand."""

PRIVATE = frozenset(
    """
    aol.com bluewin.ch btinternet.com comcast.net duck.com free.fr fastmail.com gmail.com gmx.at gmx.ch gmx.com gmx.de
    gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.fr icloud.com laposte.net libero.it
    live.com mac.com mail.com mail.ru mailbox.org me.com msn.com naver.com orange.fr outlook.com outlook.de pm.me
    posteo.de proton.me protonmail.com qq.com rocketmail.com sbcglobal.net t-online.de tutanota.com verizon.net web.de
    163.com 126.com yahoo.co.jp yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.com yandex.ru ymail.com zoho.com
    """.split()  # noqa: SIM905 -- words in rows, not one a line
)
"""Mail providers of private people: an address there says nothing about a company."""


def domain(text: str) -> str:
    """`acme.example` from `https://shop.acme.example/about` or `ana@acme.example`; "" where there is no company's.

    In small letters and IDNA's ASCII form.
    """
    rest = text[:_LOOKED_AT].strip()
    mail = "@" in rest and "/" not in rest
    if mail:
        rest = rest.rpartition("@")[2]
    rest = rest.rpartition("://")[2] if "://" in rest else rest
    host = re.split(r"[/?#>\s]", rest, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].strip(".")
    known = emails.ascii_domain(host) or ""
    if len(known) > _LONGEST or not _HOST.fullmatch(known):
        return ""
    found = registered(known)
    return "" if mail and found in PRIVATE else found


@lru_cache(maxsize=4096)
def registered(host: str) -> str:
    """The domain of a host that somebody can register; below an unknown top-level domain, the last two names.

    A host that is a public suffix itself, such as `co.uk`, stays as it is.
    """
    parts = _parted.extract_str(host)
    if not parts.suffix:
        return ".".join(host.split(".")[-2:])
    return parts.top_domain_under_public_suffix or host
