"""Fills the systems with invented people: in HubSpot, Salesforce, or both at once with cross-references."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.both.invented_past import Past, Subject
from sandbox.hubspot.handle import HubSpot
from sandbox.hubspot.state.portal import Origin
from sandbox.hubspot.state.record_owners import OWNERS
from sandbox.invented.invented_people import Company, Person, people
from sandbox.invented.invented_words import INDUSTRIES, SALESFORCE_SOURCES
from sandbox.salesforce.handle import Salesforce
from sandbox.shared.sandbox_clock import DAY
from sandbox.shared.seeded_random import Chance

IMPORT = Origin(source="IMPORT", id="userId:70512344")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A person and their records' ids; "" where a system does not know them. `object` is Lead or Contact."""

    email: str
    name: str
    title: str
    company: str
    source: str
    hubspot: str = ""
    salesforce: str = ""
    object: str = ""


@dataclass(slots=True, kw_only=True)
class Filled:
    """What was made."""

    people: list[Placed] = field(default_factory=list)
    hubspot: dict[str, int] = field(default_factory=dict)
    salesforce: dict[str, int] = field(default_factory=dict)
    activities: int = 0
    """Records of the past with an outcome: calls made, e-mails answered, meetings, campaigns responded to."""
    silent: int = 0
    """Those without an outcome: open tasks, e-mails of our own, campaigns that nobody answered."""


_OLDEST_DAYS, _YOUNGEST_DAYS = 400, 20


def fill(hubspot: HubSpot, salesforce: Salesforce, *, leads: int, seed: int, activities: int = 0) -> Filled:
    """Put `leads` invented people into both systems; the same seed gives the same people.

    With `activities`, people have been known for a while, and that many things that they did are on record.
    """
    filler = _Filler(hubspot, salesforce, Chance(f"filling {seed}"))
    _one_team(hubspot, salesforce)
    chance = Chance(f"history {seed}")
    subjects: list[Subject] = []
    filled = Filled()
    for person in people(leads, seed=seed):
        if activities:
            filler.at = salesforce.org.now() - chance.randint(_YOUNGEST_DAYS * DAY, _OLDEST_DAYS * DAY)
        placed = filler.place(person)
        filled.people.append(placed)
        subjects.append(
            Subject(hubspot=placed.hubspot, salesforce=placed.salesforce, object=placed.object, since=filler.at or 0)
        )
    past = Past(hubspot, salesforce, chance)
    past.fill(subjects, activities=activities)
    filled.activities, filled.silent = past.said, past.silent
    filled.hubspot = hubspot.counts()
    filled.salesforce = salesforce.counts()
    return filled


def _one_team(hubspot: HubSpot, salesforce: Salesforce) -> None:
    """Whoever owns records in one system has a user in the other; everybody but the manager has a manager."""
    users = salesforce.people[1:]
    manager = next(user for user in users if not user.get("ManagerId"))
    known = {user["Email"] for user in users}
    for each in OWNERS:
        if each["email"] not in known:
            name = {"FirstName": each["firstName"], "LastName": each["lastName"]}
            about = {"Email": each["email"], "Username": each["email"], "IsActive": True, "ManagerId": manager["Id"]}
            salesforce.add("User", name | about | {"TimeZoneSidKey": manager["TimeZoneSidKey"]})
    known = {each["email"] for each in hubspot.portal.owners}
    for user in users:
        if user["Email"] not in known:
            hubspot.add_owner(user["FirstName"], user["LastName"], user["Email"])


class _Filler:
    def __init__(self, hubspot: HubSpot, salesforce: Salesforce, chance: Chance) -> None:
        self._hubspot = hubspot
        self._salesforce = salesforce
        self._sellers = [str(user["Id"]) for user in salesforce.people[1:] if user.get("ManagerId")]
        self._chance = chance
        self.at: int | None = None
        """When the next records were made (ms); None for now."""
        self._companies: dict[str, str] = {}
        self._accounts: dict[str, str] = {}

    def place(self, person: Person) -> Placed:
        salesforce = object_name = hubspot = ""
        if person.home != "hubspot":
            salesforce, object_name = self._in_salesforce(person)
        if person.home != "salesforce":
            hubspot = self._in_hubspot(person, salesforce, object_name)
        return Placed(
            email=person.email,
            name=f"{person.first} {person.last}",
            title=person.title,
            company=person.company.name,
            source=person.source,
            hubspot=hubspot,
            salesforce=salesforce,
            object=object_name,
        )

    def _in_salesforce(self, person: Person) -> tuple[str, str]:
        company = person.company
        owner = self._chance.choice(self._sellers)
        values = {
            "FirstName": person.first,
            "LastName": person.last,
            "Email": person.email,
            "Title": person.title or None,
            "Phone": person.phone,
            "LeadSource": SALESFORCE_SOURCES[person.source],
            "OwnerId": owner,
            "HasOptedOutOfEmail": person.opted_out,
            "Problem__c": person.problem or None,
            "Budget__c": person.budget or None,
            "Timeline__c": person.timeline or None,
        }
        if person.at_account:
            account = self._account(company, owner)
            place = {"AccountId": account, "MailingCity": company.city, "MailingCountry": company.country}
            return self._salesforce.add("Contact", values | place, at=self.at), "Contact"
        firm = {
            "Company": company.name,
            "City": company.city,
            "Country": company.country,
            "Website": f"https://www.{company.domain}",
            "Industry": INDUSTRIES[company.industry].salesforce,
            "NumberOfEmployees": company.employees,
            "AnnualRevenue": company.revenue,
        }
        return self._salesforce.add("Lead", values | firm, at=self.at), "Lead"

    def _account(self, company: Company, owner: str) -> str:
        if company.domain not in self._accounts:
            self._accounts[company.domain] = self._salesforce.add(
                "Account",
                {
                    "Name": company.name,
                    "Website": f"https://www.{company.domain}",
                    "Industry": INDUSTRIES[company.industry].salesforce,
                    "NumberOfEmployees": company.employees,
                    "AnnualRevenue": company.revenue,
                    "BillingCity": company.city,
                    "BillingCountry": company.country,
                    "Technologies__c": ";".join(company.technologies),
                    "OwnerId": owner,
                },
                at=self.at,
            )
        return self._accounts[company.domain]

    def _in_hubspot(self, person: Person, salesforce: str, object_name: str) -> str:
        company = person.company
        crossed = {"Lead": "hs_salesforceleadid", "Contact": "hs_salesforcecontactid"}
        values = {
            "email": person.email,
            "firstname": person.first,
            "lastname": person.last,
            "jobtitle": person.title,
            "phone": person.phone,
            "company": company.name,
            "city": company.city,
            "country": company.country,
            "hs_timezone": company.timezone,
            "lead_source": person.source,
            "hs_email_optout": "true" if person.opted_out else "",
            "hubspot_owner_id": self._chance.choice(OWNERS)["id"],
            "sdr_problem": person.problem,
            "sdr_budget": person.budget,
            "sdr_timeline": person.timeline,
        }
        if salesforce:
            values[crossed[object_name]] = salesforce
        contact = self._hubspot.add("contacts", _set(values), origin=IMPORT, at=self.at)
        self._hubspot.link("contacts", contact, "companies", self._company(company))
        return contact

    def _company(self, company: Company) -> str:
        if company.domain not in self._companies:
            values = {
                "name": company.name,
                "domain": company.domain,
                "industry": INDUSTRIES[company.industry].hubspot,
                "numberofemployees": str(company.employees),
                "annualrevenue": str(company.revenue),
                "city": company.city,
                "country": company.country,
                "web_technologies": ";".join(company.technologies),
                "salesforceaccountid": self._accounts.get(company.domain, ""),
            }
            self._companies[company.domain] = self._hubspot.add("companies", _set(values), origin=IMPORT, at=self.at)
        return self._companies[company.domain]


def _set(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
