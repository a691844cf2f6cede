"""What leads do: they come for something, most look once, some read on, a few are buying; some ask, some go."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded: the same lives every time
from typing import Any

from integration.rig.season.season_people import Lead
from integration.rig.season.season_plan import Plan
from mappings.values.instant import DAY, HOUR, MINUTE, Instant

_CAME_FOR: dict[str, tuple[str, dict[str, Any]]] = {
    "demo_request": ("demo_request", {"asset": "demo form"}),
    "inquiry": ("contact_request", {"asset": "contact form"}),
    "pricing_download": ("content_download", {"asset": "Price list", "asset_type": "pricing_sheet"}),
    "educational_download": ("content_download", {"asset": "The nurturing checklist", "asset_type": "educational"}),
    "webinar": ("webinar_signup", {"webinar": "Scoring that sales trusts"}),
    "trade_show": ("event_scan", {"event": "Spring fair"}),
    "newsletter": ("newsletter_signup", {}),
    "product_signup": ("product_usage", {"event": "signed_up"}),
}
_LOOKING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("page_view", {"page": "blog", "url": "/blog/why-leads-rot"}),
    ("email_open", {"campaign": "monthly letter"}),
    ("email_open", {"campaign": "monthly letter", "machine": True}),
    ("email_click", {"campaign": "monthly letter", "url": "/blog/handoff"}),
    ("page_view", {"page": "product", "url": "/product"}),
)
_READING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("content_download", {"asset": "The nurturing checklist", "asset_type": "educational"}),
    ("page_view", {"page": "case_study", "url": "/customers/northwind"}),
    ("webinar_signup", {"webinar": "Scoring that sales trusts"}),
    ("webinar_attend", {"webinar": "Scoring that sales trusts", "minutes": 40, "asked_question": True}),
    ("page_view", {"page": "integrations", "url": "/integrations/salesforce"}),
)
_BUYING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("page_view", {"page": "pricing", "url": "/pricing"}),
    ("page_view", {"page": "integrations", "url": "/integrations"}),
    ("content_download", {"asset": "Price list", "asset_type": "pricing_sheet"}),
    ("content_download", {"asset": "Return calculator", "asset_type": "roi_calculator"}),
    ("content_download", {"asset": "How Northwind halved its response time", "asset_type": "case_study"}),
    ("form_reached", {"form": "demo"}),
    ("page_view", {"page": "case_study", "url": "/customers/contoso"}),
    ("document_view", {"document": "proposal", "doc_type": "pricing", "seconds": 180}),
)
_READS, _BUYS = 0.58, 0.86
"""Up to the first heat people only look, from the second on they are buying."""
_COMES_BACK, _ASKS, _LEAVES, _BOUNCES = 0.3, 0.25, 0.015, 0.008


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One activity of one lead."""

    at: Instant
    lead: Lead
    type: str
    properties: dict[str, Any] = field(default_factory=dict)


def life(lead: Lead, plan: Plan, end: Instant) -> Iterator[Deed]:
    """What somebody does from their arrival until the end of the season."""
    chance = Random(f"life {plan.seed} {lead.number}")  # noqa: S311 - not cryptography
    for deed in _whole_life(lead, chance):
        if deed.at < end:
            yield deed


def _whole_life(lead: Lead, chance: Random) -> Iterator[Deed]:
    at = lead.arrives + chance.randrange(1, 20) * MINUTE
    kind, properties = _CAME_FOR.get(lead.person.source, ("page_view", {"page": "other", "url": "/"}))
    yield Deed(at=at, lead=lead, type=kind, properties=properties)
    yield from _visits(lead, chance, at)
    if chance.random() < _COMES_BACK:
        yield from _visits(lead, chance, at + chance.randrange(15, 60) * DAY)
    if chance.random() < _LEAVES:
        yield Deed(at=at + chance.randrange(1, 40) * DAY, lead=lead, type="unsubscribe")
    if chance.random() < _BOUNCES:
        bounced = {"hard": True}
        yield Deed(at=at + chance.randrange(1, 40) * DAY, lead=lead, type="email_bounce", properties=bounced)


def _visits(lead: Lead, chance: Random, at: Instant) -> Iterator[Deed]:
    """Some days of interest, deeper the more somebody wants to buy."""
    visits, pool = (1, _LOOKING) if lead.heat < _READS else (2, _LOOKING + _READING)
    if lead.heat >= _BUYS:
        visits, pool = 4, _READING + _BUYING
    for _ in range(visits):
        at += chance.randrange(1, 4) * DAY // 2
        moment = at
        for kind, properties in chance.sample(pool, k=chance.randrange(1, min(len(pool), 2 + visits))):
            moment += chance.randrange(1, 12) * MINUTE
            yield Deed(at=moment, lead=lead, type=kind, properties=properties)
    if lead.heat >= _BUYS and chance.random() < _ASKS:
        yield Deed(at=at + HOUR, lead=lead, type="demo_request", properties={"asset": "demo form"})
