"""A company's domain, from a web address or an e-mail address."""

import re

from mappings.values import emails

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
    """`acme.example` from `https://www.acme.example/about` or `ana@acme.example`; "" where there is no company's.

    In lower case and IDNA's ASCII form, without `www.`, port, path and trailing dot.
    """
    rest = text[:_LOOKED_AT].strip()
    if "@" in rest and "/" not in rest:
        rest = rest.rpartition("@")[2]
        if rest.strip("> .").lower() in PRIVATE:
            return ""
    rest = rest.rpartition("://")[2] if "://" in rest else rest
    host = re.split(r"[/?#>\s]", rest, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].strip(".")
    known = (emails.ascii_domain(host) or "").removeprefix("www.")
    return known if len(known) <= _LONGEST and _HOST.fullmatch(known) else ""
