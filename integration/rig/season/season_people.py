"""The people of a season: invented leads who come to be known over its weeks, in one CRM or both, with colleagues."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random  # noqa: TID251 - seeded: the same people every time
from typing import Any

from integration.rig.season.season_plan import START, Plan
from integration.rig.season.season_team import Seller
from mappings.values.instant import DAY, MINUTE, Instant
from sandbox.invented.invented_people import Company, Person, people
from sandbox.invented.invented_words import INDUSTRIES, SALESFORCE_SOURCES
from sandbox.server import Sandbox

_TOGETHER = 200
"""People at firms of their own: their names are few, so every part gets other firms."""
_LAST_ARRIVAL = 0.85
"""Nobody new comes in the last part of a season."""
_OWNED, _AT_NIGHT = 0.2, 0.15


@dataclass(slots=True, kw_only=True, eq=False)
class Lead:
    """Somebody who arrives during the season; ids are "" where a CRM does not know them. `heat` is from 0 to 1."""

    number: int
    person: Person
    arrives: Instant
    heat: float
    email: str
    emails: set[str] = field(default_factory=set)
    """Every address that they have had."""
    hubspot: str = ""
    salesforce: str = ""
    object: str = ""
    gone: bool = False
    """Unsubscribed, or their mail comes back: they do nothing more."""


def leads(plan: Plan) -> list[Lead]:
    """So many people, by when they arrive; the same for the same seed."""
    chance = Random(f"leads {plan.seed}")  # noqa: S311 - not cryptography
    found = []
    for number, person in enumerate(_people(plan)):
        day = int(chance.random() * plan.days * _LAST_ARRIVAL)
        hour = chance.randrange(24) if chance.random() < _AT_NIGHT else chance.randrange(7, 19)
        at = START + day * DAY + (hour * 60 + chance.randrange(60)) * MINUTE
        heat = chance.random()
        made = Lead(number=number, person=person, arrives=at, heat=heat, email=person.email, emails={person.email})
        found.append(made)
    return sorted(found, key=lambda each: (each.arrives, each.number))


def _people(plan: Plan) -> Iterator[Person]:
    for part in range(-(-plan.leads // _TOGETHER)):
        count = min(_TOGETHER, plan.leads - part * _TOGETHER)
        for person in people(count, seed=plan.seed * 1_000 + part):
            yield _elsewhere(person, part) if part else person


def _elsewhere(person: Person, part: int) -> Person:
    """The same person at a firm of another name."""
    firm = person.company
    name, _, _ = firm.domain.partition(".")
    firm = replace(firm, name=f"{firm.name} {part}", domain=f"{name}-{part}.example")
    return replace(person, company=firm, email=f"{person.email.partition('@')[0]}@{firm.domain}")


class Records:
    """What the CRMs know of people: records of leads, and of their firms, made as people and forms make them."""

    def __init__(self, box: Sandbox, sellers: list[Seller], seed: int) -> None:
        self._box = box
        self._sellers = sellers
        self._chance = Random(f"records {seed}")  # noqa: S311 - not cryptography
        self._queue = box.salesforce.queue("New leads")
        self._companies: dict[str, str] = {}
        self._accounts: dict[str, str] = {}

    def arrive(self, lead: Lead, now: Instant) -> None:
        """Make the records of somebody who is new: in Salesforce first, so that HubSpot's names its own."""
        owner = self._owner(now)
        if lead.person.home != "hubspot":
            self._in_salesforce(lead, owner, now)
        if lead.person.home != "salesforce":
            self._in_hubspot(lead, owner)

    def twin(self, lead: Lead, now: Instant) -> str:
        """The same person once more in Salesforce, as a form makes them; the id of the new Lead."""
        return self._box.salesforce.add("Lead", self._lead(lead, None, now) | {"Status": "Open - Not Contacted"})

    def change_email(self, lead: Lead) -> None:
        """Their address changes in every CRM that knows them."""
        name, _, domain = lead.email.partition("@")
        lead.email = f"{name}.new@{domain}"
        lead.emails.add(lead.email)
        if lead.salesforce:
            self._box.salesforce.set(lead.object, lead.salesforce, {"Email": lead.email})
        if lead.hubspot:
            self._box.hubspot.set("contacts", lead.hubspot, {"email": lead.email})

    def _owner(self, now: Instant) -> Seller | None:
        there = [each for each in self._sellers if not each.left(now)]
        return self._chance.choice(there) if there and self._chance.random() < _OWNED else None

    def _lead(self, lead: Lead, owner: Seller | None, now: Instant) -> dict[str, Any]:
        person, firm = lead.person, lead.person.company
        del now
        return {
            **_named(lead),
            "OwnerId": owner.salesforce if owner and owner.salesforce else self._queue,
            "Company": firm.name,
            "City": firm.city,
            "Country": firm.country,
            "Website": f"https://www.{firm.domain}",
            "Industry": INDUSTRIES[firm.industry].salesforce,
            "NumberOfEmployees": firm.employees,
            "Problem__c": person.problem or None,
            "Budget__c": person.budget or None,
            "Timeline__c": person.timeline or None,
        }

    def _in_salesforce(self, lead: Lead, owner: Seller | None, now: Instant) -> None:
        if not lead.person.at_account:
            lead.object = "Lead"
            lead.salesforce = self._box.salesforce.add("Lead", self._lead(lead, owner, now))
            return
        owned = owner if owner and owner.salesforce else self._anybody(now)
        account = self._account(lead.person.company, owned)
        lead.object = "Contact"
        lead.salesforce = self._box.salesforce.add(
            "Contact",
            {
                **_named(lead),
                "AccountId": account,
                "MailingCountry": lead.person.company.country,
                "OwnerId": owned.salesforce,
            },
        )

    def _anybody(self, now: Instant) -> Seller:
        return self._chance.choice([each for each in self._sellers if each.salesforce and not each.left(now)])

    def _account(self, firm: Company, owner: Seller) -> str:
        if firm.domain not in self._accounts:
            self._accounts[firm.domain] = self._box.salesforce.add(
                "Account",
                {
                    "Name": firm.name,
                    "Website": f"https://www.{firm.domain}",
                    "Industry": INDUSTRIES[firm.industry].salesforce,
                    "NumberOfEmployees": firm.employees,
                    "BillingCountry": firm.country,
                    "OwnerId": owner.salesforce,
                },
            )
        return self._accounts[firm.domain]

    def _in_hubspot(self, lead: Lead, owner: Seller | None) -> None:
        person, firm = lead.person, lead.person.company
        values = {
            "email": lead.email,
            "firstname": person.first,
            "lastname": person.last,
            "jobtitle": person.title,
            "company": firm.name,
            "country": firm.country,
            "hs_timezone": firm.timezone,
            "lead_source": person.source,
            "hubspot_owner_id": owner.hubspot if owner else "",
            "sdr_problem": person.problem,
            "sdr_budget": person.budget,
            "sdr_timeline": person.timeline,
            {"Lead": "hs_salesforceleadid", "Contact": "hs_salesforcecontactid"}.get(lead.object, "phone"): (
                lead.salesforce or person.phone
            ),
        }
        lead.hubspot = self._box.hubspot.add("contacts", {name: value for name, value in values.items() if value})
        self._box.hubspot.link("contacts", lead.hubspot, "companies", self._company(firm))

    def _company(self, firm: Company) -> str:
        if firm.domain not in self._companies:
            self._companies[firm.domain] = self._box.hubspot.add(
                "companies",
                {
                    "name": firm.name,
                    "domain": firm.domain,
                    "industry": INDUSTRIES[firm.industry].hubspot,
                    "numberofemployees": str(firm.employees),
                    "country": firm.country,
                },
            )
        return self._companies[firm.domain]


def _named(lead: Lead) -> dict[str, Any]:
    person = lead.person
    return {
        "FirstName": person.first,
        "LastName": person.last,
        "Email": lead.email,
        "Title": person.title or None,
        "LeadSource": SALESFORCE_SOURCES[person.source],
    }
