"""Countries by name, as CRMs and people spell them, and their ISO 3166-1 codes.

Codes and names in English and in the languages that CRMs of European companies are filled in come from pycountry.
"""

import gettext
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

import pycountry

LANGUAGES = ("de", "fr", "es", "it", "nl", "pt", "sv", "da", "nb", "fi", "pl")
"""Whose names of countries are known beside English ones; where two mean different countries, the earlier counts."""
_NAMES = ("alpha_2", "alpha_3", "name", "official_name", "common_name")
CUSTOMARY: Mapping[str, str] = {
    "america": "US",
    "britain": "GB",
    "england": "GB",
    "ger": "DE",
    "great britain": "GB",
    "hong kong sar": "HK",
    "korea": "KR",
    "northern ireland": "GB",
    "republic of ireland": "IE",
    "republic of korea": "KR",
    "scotland": "GB",
    "the netherlands": "NL",
    "the philippines": "PH",
    "turkey": "TR",
    "turkiye": "TR",
    "u.s.": "US",
    "u.s.a.": "US",
    "uae": "AE",
    "uk": "GB",
    "wales": "GB",
}
"""What people write and no list of countries has."""


def code(country: str) -> str:
    """The two-letter code of a country's name; a name that nobody knows is kept as it was written."""
    trimmed = " ".join(country.split())
    unknown = trimmed.upper() if len(trimmed) == 2 and trimmed.isalpha() else trimmed  # noqa: PLR2004 -- as ISO codes
    return known().get(trimmed.casefold(), unknown)


@lru_cache(maxsize=1)
def codes() -> frozenset[str]:
    """Every two-letter code, with Kosovo's, which CRMs use and no standard has."""
    return frozenset({*(str(each.alpha_2) for each in pycountry.countries), "XK"})


@lru_cache(maxsize=1)
def known() -> Mapping[str, str]:
    """Every name that is known, case-folded, and the code that it means; made at the first call."""
    found = dict(CUSTOMARY)
    for name, alpha_2 in _named():
        found.setdefault(name.casefold(), alpha_2)
    return found


def _named() -> Iterator[tuple[str, str]]:
    countries: list[Any] = list(pycountry.countries)
    names = [
        (str(getattr(each, kind)), str(each.alpha_2)) for kind in _NAMES for each in countries if hasattr(each, kind)
    ]
    yield from names
    for language in LANGUAGES:
        with suppress(OSError):  # names that are missing there are left to the other languages
            translation = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, [language])
            for name, alpha_2 in names:
                yield translation.gettext(name), alpha_2


@lru_cache(maxsize=512)
def country_name(country: str) -> str:
    """A country's English name for its two-letter code; anything else as it is."""
    found: Any = pycountry.countries.get(alpha_2=country) if len(country) == 2 else None  # noqa: PLR2004 -- as ISO codes
    return country if found is None else str(getattr(found, "common_name", found.name))
