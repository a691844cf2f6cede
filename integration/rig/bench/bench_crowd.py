"""The bench's people: half of them known to HubSpot alone, half to Salesforce alone, and what they do all day.

Everybody's mail, titles and companies are made up by counting, so that a run is like any other. What
people do is mostly reading, now and then something that points to buying.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded: the same crowd every time
from typing import Any, NamedTuple

from standardwebhooks import Webhook

from integration.rig.bench.bench_sender import Parcel, signed
from integration.rig.stage.rig import Rig, activity
from mappings.values.instant import Instant, Span

PER_DELIVERY = 100
_COLLEAGUES = 8
_AT_ONCE = 500
_APART: Span = 20
"""Between two activities: a run's last one must not lie in the future when it is read."""
_TITLES = ("Sales Operations Manager", "VP Marketing", "Account Executive", "Director of Revenue Operations", "Analyst")
_INDUSTRIES = ("Technology", "Machinery", "Banking", "Retail", "Healthcare")
_OWNER = "84120011"
"""The first of the people who own records in the sandbox's HubSpot: a task needs somebody to go to."""
_EMPLOYEES = (20, 120, 250, 600, 4_000)
_HABITS: tuple[tuple[int, str, dict[str, str]], ...] = (
    (30, "email_open", {"campaign": "monthly letter"}),
    (18, "email_click", {"campaign": "monthly letter", "url": "/blog/handoff"}),
    (26, "page_view", {"page": "blog", "url": "/blog/why-leads-rot"}),
    (14, "page_view", {"page": "product", "url": "/product"}),
    (6, "content_download", {"asset": "The nurturing checklist", "asset_type": "educational"}),
    (3, "webinar_signup", {"event": "Scoring that sales trusts"}),
    (2, "page_view", {"page": "case_study", "url": "/customers/northwind"}),
    (1, "page_view", {"page": "pricing", "url": "/pricing"}),
)
"""How often in a hundred, what, and its properties."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """E-mails by CRM; nobody is in both."""

    hubspot: tuple[str, ...]
    salesforce: tuple[str, ...]

    @property
    def everybody(self) -> tuple[str, ...]:
        """All e-mails, the two CRMs' people in turn."""
        return tuple(itertools.chain.from_iterable(zip(self.hubspot, self.salesforce, strict=True)))

    def parted(self, count: int) -> "tuple[Crowd, Crowd]":
        """So many of the people, and the others."""
        half = count // 2
        return (
            Crowd(self.hubspot[:half], self.salesforce[:half]),
            Crowd(self.hubspot[half:], self.salesforce[half:]),
        )


def gather(running: Rig, leads: int, *, first: int = 0) -> Crowd:
    """Put `leads` people into the sandbox's CRMs, half in each, beginning with this number."""
    numbers = range(first, first + leads // 2)
    crowd = Crowd(
        tuple(_email(number, "hubspot") for number in numbers),
        tuple(_email(number, "salesforce") for number in numbers),
    )
    _add(running, "hubspot", "contacts", [_contact(*each) for each in zip(numbers, crowd.hubspot, strict=True)])
    _add(running, "salesforce", "Lead", [_lead(*each) for each in zip(numbers, crowd.salesforce, strict=True)])
    return crowd


def clicks(signer: Webhook, crowd: Crowd, *, name: str, at: Instant) -> list[Parcel]:
    """One e-mail click of everybody: each changes one score."""
    items = [activity(f"{name}-{mail}", mail, "email_click", at, {"campaign": name}) for mail in crowd.everybody]
    return _packed(signer, items, name)


class Volume(NamedTuple):
    """So many deliveries of so many activities each."""

    deliveries: int
    each: int = PER_DELIVERY


def bustle(signer: Webhook, crowd: Crowd, volume: Volume, *, name: str, at: Instant) -> list[Parcel]:
    """Deliveries of what people at random do, in the order of time; the same name gives the same."""
    chance = Random(name)  # noqa: S311 - not cryptography
    habits = [(kind, properties) for often, kind, properties in _HABITS for _ in range(often)]
    everybody, items = crowd.everybody, []
    for number in range(volume.deliveries * volume.each):
        kind, properties = chance.choice(habits)
        items.append(activity(f"{name}-{number}", chance.choice(everybody), kind, at + _APART * number, properties))
    return _packed(signer, items, name, volume.each)


def _packed(signer: Webhook, items: Sequence[dict[str, Any]], name: str, each: int = PER_DELIVERY) -> list[Parcel]:
    return [
        signed(signer, items[start : start + each], delivery=f"{name}-{start}") for start in range(0, len(items), each)
    ]


def _add(running: Rig, system: str, object_name: str, records: Sequence[dict[str, Any]]) -> None:
    for some in _chunks(records):
        running.tell("records", {"system": system, "object": object_name, "records": some})


def _chunks(records: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for start in range(0, len(records), _AT_ONCE):
        yield records[start : start + _AT_ONCE]


def _email(number: int, system: str) -> str:
    return f"person{number}@{system}-firm{number // _COLLEAGUES}.example"


def _contact(number: int, email: str) -> dict[str, Any]:
    return {
        "email": email,
        "firstname": "Robin",
        "lastname": f"Number{number}",
        "jobtitle": _TITLES[number % len(_TITLES)],
        "company": f"Firm {number // _COLLEAGUES}",
        "hubspot_owner_id": _OWNER,
    }


def _lead(number: int, email: str) -> dict[str, Any]:
    firm = number // _COLLEAGUES
    return {
        "FirstName": "Robin",
        "LastName": f"Number{number}",
        "Email": email,
        "Title": _TITLES[number % len(_TITLES)],
        "Company": f"Firm {firm}",
        "Website": f"salesforce-firm{firm}.example",
        "NumberOfEmployees": _EMPLOYEES[firm % len(_EMPLOYEES)],
        "Industry": _INDUSTRIES[firm % len(_INDUSTRIES)],
    }
