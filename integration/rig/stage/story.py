"""Three weeks in the life of a few hundred leads: believable, seeded, in the shape of the activities webhook.

Most people look once and go quiet, some read on, a few are buying: they return to pricing, bring
colleagues and ask for a demo. `offset` is the time from the story's beginning.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded: the same story every time
from typing import Any

from mappings.values.instant import DAY, HOUR, MINUTE, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One activity of the story."""

    offset: Span
    email: str
    type: str
    properties: dict[str, Any] = field(default_factory=dict)


_CURIOUS = (
    ("page_view", {"page": "blog", "url": "/blog/why-leads-rot"}),
    ("content_download", {"asset": "The nurturing checklist", "asset_type": "educational"}),
    ("email_open", {"campaign": "monthly letter"}),
    ("email_click", {"campaign": "monthly letter", "url": "/blog/handoff"}),
    ("page_view", {"page": "product", "url": "/product"}),
)
_COMPARING = (
    ("page_view", {"page": "case_study", "url": "/customers/northwind"}),
    ("content_download", {"asset": "How Northwind halved its response time", "asset_type": "case_study"}),
    ("webinar_signup", {"webinar": "Scoring that sales trusts"}),
    ("page_view", {"page": "integrations", "url": "/integrations/salesforce"}),
    ("email_click", {"campaign": "case studies", "url": "/customers"}),
)
_BUYING = (
    ("page_view", {"page": "pricing", "url": "/pricing"}),
    ("content_download", {"asset": "Price list", "asset_type": "pricing_sheet"}),
    ("content_download", {"asset": "Return calculator", "asset_type": "roi_calculator"}),
    ("form_reached", {"form": "demo"}),
    ("page_view", {"page": "security", "url": "/security"}),
    ("page_view", {"page": "case_study", "url": "/customers/contoso"}),
)
_FIRST_HOUR, _LAST_HOUR = 8, 18


def story(emails: Sequence[str], *, seed: int, days: int = 21) -> list[Scene]:
    """The scenes of everybody, by time. People of one e-mail domain are colleagues."""
    chance = Random(seed)  # noqa: S311 - not cryptography
    scenes = [scene for email in emails for scene in _life(email, chance, days)]
    scenes += _sharing(emails, chance, days)
    return sorted(scenes, key=lambda scene: (scene.offset, scene.email, scene.type))


def _life(email: str, chance: Random, days: int) -> Iterator[Scene]:
    """One person's weeks: a burst of interest on some days, deeper the more they want to buy."""
    heat = chance.random()
    visits, depth = (1, 1) if heat < 0.5 else (3, 2) if heat < 0.82 else (5, 3)  # noqa: PLR2004 - half just look, a sixth are buying
    start = chance.randrange(max(1, days - 2 * visits))
    for visit in range(visits):
        day = min(start + visit * chance.choice((1, 1, 2)), days - 1)
        at = day * DAY + chance.randrange(_FIRST_HOUR, _LAST_HOUR) * HOUR + chance.randrange(60) * MINUTE
        pool = (_CURIOUS, _CURIOUS + _COMPARING, _COMPARING + _BUYING)[min(depth, visit + 1) - 1]
        for kind, properties in chance.sample(pool, k=min(len(pool), chance.randint(1, 1 + depth))):
            yield Scene(offset=at, email=email, type=kind, properties=properties)
            at += chance.randrange(1, 12) * MINUTE
    if depth == 3 and chance.random() < 0.25:  # noqa: PLR2004 - a quarter of the buyers ask by themselves
        yield Scene(offset=at + HOUR, email=email, type="demo_request", properties={"asset": "demo form"})


def _sharing(emails: Sequence[str], chance: Random, days: int) -> Iterator[Scene]:
    """At some companies the proposal goes round: colleagues open one document within the week."""
    firms: dict[str, list[str]] = {}
    for email in emails:
        firms.setdefault(email.partition("@")[2], []).append(email)
    for domain, people in sorted(firms.items()):
        if len(people) > 1 and chance.random() < 0.3:  # noqa: PLR2004 - at three companies in ten
            day = chance.randrange(days - 5)
            for number, email in enumerate(people[:3]):
                at = (day + number) * DAY + chance.randrange(_FIRST_HOUR, _LAST_HOUR) * HOUR
                seen = {"document": f"proposal-{domain}", "doc_type": "pricing", "seconds": chance.randrange(40, 400)}
                yield Scene(offset=at, email=email, type="document_view", properties=seen | {"viewer": email})
