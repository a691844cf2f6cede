"""A believable history for benchmarks: seeded, so that two runs measure the same work."""

import json
from collections.abc import Iterator
from pathlib import Path

from mappings.values.instant import DAY, SECOND, Instant, parse, show

START: Instant = parse("2026-01-05T08:00:00Z")

DEEDS: tuple[tuple[int, str, dict[str, object]], ...] = (
    (30, "email_open", {"campaign": "newsletter"}),
    (40, "email_click", {"url": "https://example.com/guide"}),
    (60, "page_view", {"page": "blog", "url": "/blog/how-to"}),
    (74, "page_view", {"page": "product", "url": "/product"}),
    (80, "page_view", {"page": "pricing", "url": "/pricing"}),
    (85, "page_view", {"page": "case_study", "url": "/stories/one"}),
    (91, "content_download", {"asset": "guide", "asset_type": "educational"}),
    (93, "webinar_signup", {"webinar": "spring"}),
    (95, "webinar_attend", {"webinar": "spring", "minutes": 40}),
    (97, "document_view", {"document": "quote", "doc_type": "pricing", "seconds": 80}),
    (98, "form_reached", {"form": "demo"}),
    (99, "call_attempt", {"outcome": "no_answer"}),
    (100, "demo_request", {}),
)
"""(cumulated share in a hundred, type, properties): mostly opens and pages, now and then something serious."""

_SOURCES = ("webinar", "trade_show", "educational_download", "other", "inquiry")
_SENIORITIES = ("ic", "manager", "director", "vp")
_EMPLOYEES = (5, 30, 120, 900)
_INDUSTRIES = ("software", "retail", "manufacturing")
_LEADS_AN_ACCOUNT = 3
_SPAN = 60 * DAY


def chance(number: int) -> int:
    """A number that looks random, always the same for the same number (Knuth's multiplicative hashing)."""
    mixed = (number * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    return ((mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF) >> 32


def deed(number: int) -> tuple[str, dict[str, object]]:
    """What somebody does: a type and its properties."""
    drawn = chance(number) % 100
    return next((kind, properties) for share, kind, properties in DEEDS if drawn < share)


def write(file: Path, *, leads: int, activities: int) -> None:
    """Write a history of so many leads and activities as the lines of `coldframe replay`, in time order."""
    with file.open("w") as out:
        for number in range(leads):
            for line in _newcomer(number):
                out.write(json.dumps(line) + "\n")
        step = _SPAN // activities
        for number in range(activities):
            lead = chance(3 * number + 1) % leads
            kind, properties = deed(number)
            line = {
                "kind": "activity",
                "id": f"a{number}",
                "lead": f"lead{lead}",
                "at": show(START + SECOND + number * step),
                "type": kind,
                "properties": properties,
            }
            out.write(json.dumps(line) + "\n")


def _newcomer(number: int) -> Iterator[dict[str, object]]:
    account, at = f"company{number // _LEADS_AN_ACCOUNT}", show(START)
    drawn = chance(7 * number + 5)
    if number % _LEADS_AN_ACCOUNT == 0:
        fields = {
            "name": f"Company {number // _LEADS_AN_ACCOUNT}",
            "employees": _EMPLOYEES[drawn % len(_EMPLOYEES)],
            "industry": _INDUSTRIES[drawn // 5 % len(_INDUSTRIES)],
        }
        yield {"kind": "account", "account": account, "at": at, "fields": fields}
    told = {
        "email": f"lead{number}@company{number // _LEADS_AN_ACCOUNT}.example",
        "account": account,
        "seniority": _SENIORITIES[drawn // 7 % len(_SENIORITIES)],
        "source": _SOURCES[drawn // 11 % len(_SOURCES)],
    }
    yield {"kind": "lead", "lead": f"lead{number}", "at": at, "fields": told}
