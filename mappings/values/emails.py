"""E-mail addresses as the keys of people: one spelling for each, and every spelling under which others may store it.

An address is trimmed, composed (NFC) and in lower case; not case-folded, since `straße@` and `strasse@` are two
people. Its domain is in IDNA's ASCII form, so `müller.example` and `xn--mller-kva.example` are one. A display name,
`mailto:`, or several addresses in one text are no address. [rules: identity]
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache

import idna

LONGEST = 320
"""Characters of an address."""

_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff"
"""Characters without width that stand before or behind what somebody has pasted."""
_PLAIN = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*", re.ASCII)
"""What needs no further look."""
_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.ASCII)
_FORBIDDEN = frozenset('<>()[],;:\\"@\x7f')
_ACE = "xn--"


def normal(text: str) -> str | None:
    """The one spelling of an address, such as `ana@acme.example`; None for what is no single address."""
    given = text.strip()
    if len(given) > LONGEST:
        return None
    lowered = given.lower()
    if _ACE not in lowered and _PLAIN.fullmatch(lowered):
        return lowered
    return _normal(given)


@lru_cache(maxsize=4096)
def _normal(given: str) -> str | None:
    local, at, domain = given.strip(_UNSEEN).strip().partition("@")
    local = unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).lower())
    host = ascii_domain(domain)
    if not at or not local or host is None or any(map(_foreign, local)):
        return None
    found = f"{local}@{host}"
    return found if len(found) <= LONGEST else None


def _foreign(each: str) -> bool:
    return each in _FORBIDDEN or unicodedata.category(each)[0] in "ZC"


def fault(text: str) -> str:
    """Why a text is no single address, in words that do not repeat it."""
    given = text.strip()
    if len(given) > LONGEST:
        return f"longer than {LONGEST} characters"
    if given.lower().startswith("mailto:"):
        return "`mailto:` stands before it"
    if given.count("@") > 1:
        return "several addresses in one field"
    if "@" not in given:
        return "it holds no @"
    if "<" in given or ">" in given:
        return "a name stands beside it"
    return "it is no e-mail address"


def ascii_domain(text: str) -> str | None:
    """A domain in IDNA's ASCII form (UTS 46, non-transitional), without a closing dot; None for what is no domain.

    ASCII labels that IDNA does not know and mail servers do, such as `a_b`, stay as they are.
    """
    domain = text.strip()
    try:
        mapped = domain.lower() if domain.isascii() else idna.uts46_remap(domain, std3_rules=False, transitional=False)
        labels = [_ascii_label(each) for each in mapped.removesuffix(".").split(".")]
    except (idna.IDNAError, UnicodeError):
        return None
    return ".".join(labels)


def _ascii_label(label: str) -> str:
    if _LABEL.fullmatch(label):
        return label
    return idna.alabel(label).decode("ascii")


def spellings(address: str) -> tuple[str, ...]:
    """Every way in which others may have stored an address that is spelt as `normal` spells it, itself first.

    Its domain in the alphabet of its country as well as in ASCII; composed characters also taken apart.
    """
    local, _, domain = address.rpartition("@")
    known = [address, *(f"{local}@{each}" for each in unicode_domains(domain))]
    return tuple(dict.fromkeys(unicodedata.normalize(form, each) for form in ("NFC", "NFD") for each in known))


def unicode_domains(domain: str) -> Iterator[str]:
    """The domain in the alphabet of its country, where it has one."""
    if _ACE in domain:
        with suppress(idna.IDNAError, UnicodeError):
            yield idna.decode(domain)


def searched(addresses: Iterable[str]) -> list[str]:
    """What to ask a CRM for, each once, so that it finds whoever has one of these addresses in any spelling."""
    asked = (normal(each) or each.strip().lower() for each in addresses)
    return list(dict.fromkeys(spelling for each in asked if each for spelling in spellings(each)))


def casefolded(address: str) -> frozenset[str]:
    """How an address was spelt by earlier versions, which case-folded it as it came."""
    return frozenset(each.casefold() for each in spellings(address))
