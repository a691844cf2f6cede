"""Country holidays: the days on which a country does not work, as far ahead as anybody needs them."""

from collections.abc import Sequence
from functools import cache

import holidays

YEARS = range(2015, 2046)
"""Holidays are worked out for these years."""


def countries() -> Sequence[str]:
    """The countries whose holidays are known, by their two-letter codes."""
    return sorted(holidays.list_supported_countries())


@cache
def days(country: str) -> frozenset[str] | None:
    """A country's holidays as ISO dates; None of a country that is not known."""
    if country not in holidays.list_supported_countries():
        return None
    return frozenset(day.isoformat() for day in holidays.country_holidays(country, years=YEARS))
