"""Transforms: what a mapping can do to one value. Each gives None for a blank or for what it cannot read."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Any
from zoneinfo import available_timezones

from mappings.model.canonical import Value
from mappings.model.compiled_mapping import KEEP, Source, Transform
from mappings.values import countries, domains, instant
from mappings.values.numbers import number, plain
from mappings.values.seniority import seniority

_TRUE = frozenset({"true", "yes", "1", "y", "on"})
_FALSE = frozenset({"false", "no", "0", "n", "off"})
_EPOCH_MILLISECONDS = re.compile(r"^-?\d{9,14}$")


def apply(source: Source, raw: Any) -> Value:
    """The canonical value of a CRM field's raw one; None when blank or unreadable."""
    if source.transform == "picklist":
        return _picklist(raw, source)
    return _TRANSFORMS[source.transform](raw)


def text(raw: Any) -> str | None:
    """Trimmed text; numbers and booleans as the CRM would print them."""
    if raw is None or isinstance(raw, (dict, list, tuple)):
        return None
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    return str(raw).strip() or None


def boolean(raw: Any) -> bool | None:
    """True or False from a checkbox, `"true"`, `"Yes"`, `"0"`."""
    if isinstance(raw, bool):
        return raw
    word = plain(text(raw) or "").casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def date(raw: Any) -> instant.Instant | None:
    """An instant from epoch milliseconds, ISO with or without zone (then UTC), or a bare date (midnight UTC)."""
    if isinstance(raw, bool) or raw is None:
        return None
    written = text(raw) or ""
    try:
        if _EPOCH_MILLISECONDS.match(written):
            at = int(written) * 1000
            instant.to_datetime(at)
            return at
        moment = datetime.fromisoformat(written)
        return instant.from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def parts(raw: Any) -> tuple[str, ...] | None:
    """The values of a multi-select, joined by `;` in both CRMs; in order, each once."""
    if isinstance(raw, dict):
        return None
    items = raw if isinstance(raw, (list, tuple)) else str(raw).split(";") if raw is not None else ()
    return tuple(dict.fromkeys(trimmed for item in items if (trimmed := text(item)))) or None


def timezone(raw: Any) -> str | None:
    """An IANA zone from its own name or HubSpot's (`europe_slash_berlin`); None for one that does not exist."""
    word = (text(raw) or "").casefold().replace("_slash_", "/").replace("_hyphen_", "-").replace("_plus_", "+")
    return _zones().get(word.replace(" ", "_"))


def word(value: str) -> str:
    """A label as a word of the vocabulary: `Food & Beverage` is `food_beverage`."""
    return "_".join(re.findall(r"\w+", value.casefold().replace("_", " ")))


def _picklist(raw: Any, source: Source) -> str | None:
    value = text(raw)
    if value is None:
        return None
    found = source.values.get(value.casefold())
    if found is None and source.otherwise:
        found = word(value) if source.otherwise == KEEP else source.otherwise
    return found or None


def _lower(raw: Any) -> str | None:
    value = text(raw)
    return value.casefold() if value else None


def _seniority(raw: Any) -> str | None:
    return seniority(text(raw) or "") or None


def _domain(raw: Any) -> str | None:
    return domains.domain(text(raw) or "") or None


def _country(raw: Any) -> str | None:
    return countries.code(text(raw) or "") or None


@cache
def _zones() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}


_TRANSFORMS: Mapping[Transform, Callable[[Any], Value]] = MappingProxyType(
    {
        "text": text,
        "lower": _lower,
        "number": number,
        "boolean": boolean,
        "date": date,
        "list": parts,
        "seniority": _seniority,
        "domain": _domain,
        "country": _country,
        "timezone": timezone,
    }
)
