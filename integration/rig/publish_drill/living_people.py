"""The living people of an installation: leads with records in the CRM, at firms of a few colleagues each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random  # noqa: TID251 - seeded: the same people every time
from typing import Any, TypeAlias, TypeVar

from integration.rig.stage.rig import Rig
from integration.store.db.session import Store
from integration.store.people import accounts, field_changes, leads
from integration.store.people.accounts import NewAccount
from integration.store.people.field_changes import NewChange
from integration.store.people.leads import NewLead
from integration.store.people.record_references import Reference
from integration.store.queues import dirty
from mappings.values.identifiers import AccountId, ConnectionName, LeadId
from mappings.values.instant import Instant

_T = TypeVar("_T")
Tell: TypeAlias = Callable[[str, int, int], None]
"""Gets what is being done, how far it is, and of how much; 0 where nobody knows."""
SYSTEM = ConnectionName("hubspot")
LEAD, FIRM = "lead", "firm"
"""How the id of everybody begins, and that of every company."""
_COLLEAGUES = 4
AT_ONCE = 2_000
"""Leads that are stored in one transaction, or activities."""
_RECORDS = 500
_INDUSTRIES = ("software", "manufacturing", "retail", "banking")
_EMPLOYEES = (5, 30, 120, 250, 900)
_SENIORITIES = ("ic", "manager", "director", "vp", "c_level")
_FUNCTIONS = ("sales", "marketing", "revops", "engineering")
_SOURCES = ("webinar", "trade_show", "educational_download", "inquiry")
_OWNERS = ("84120011", "84120027", "84120034")
"""People who own records in the sandbox's HubSpot."""


@dataclass(frozen=True, slots=True)
class Person:
    """One lead of the installation, or of a copy of it: then by the copy's mark (see copied_leads.py)."""

    number: int
    mark: str = ""

    @property
    def id(self) -> LeadId:
        """As the store calls it."""
        return LeadId(f"{self.mark}{LEAD}{self.number:06}")

    @property
    def firm(self) -> int:
        """The number of the company where it works."""
        return self.number // _COLLEAGUES

    @property
    def account(self) -> AccountId:
        """That company."""
        return AccountId(f"{self.mark}{FIRM}{self.firm:06}")

    @property
    def domain(self) -> str:
        """That company's."""
        return f"{self.account}.example"

    @property
    def email(self) -> str:
        """Its one e-mail."""
        return f"person{self.number}@{self.domain}"

    @property
    def owner(self) -> str:
        """Who owns it in the CRM."""
        return _OWNERS[self.number % len(_OWNERS)]


def known(  # noqa: PLR0913, PLR0917 - who they are, since when, and where they are stored
    running: Rig,
    store: Store,
    people: Sequence[Person],
    since: Instant,
    seed: int,
    tell: Tell,
) -> None:
    """Everybody is a lead with a record in the CRM, at a firm."""
    chance = Random(f"people {seed}")  # noqa: S311 - not cryptography
    done = 0
    for some in parts(people, AT_ONCE):
        records = [
            record
            for part in parts(some, _RECORDS)
            for record in running.tell(
                "records", {"system": SYSTEM, "object": "contacts", "records": [_contact(each) for each in part]}
            )["ids"]
        ]
        firms = sorted({each.account for each in some})
        about = {firm: _firm(firm, chance) for firm in firms}
        fields = {each.id: _fields(each, chance) for each in some}
        with store.write() as conn:
            dirty.mark(conn, [each.id for each in some], since)
            accounts.add(
                conn,
                [NewAccount(id=firm, domain=f"{firm}.example", fields=about[firm], created_at=since) for firm in firms],
            )
            leads.add(
                conn,
                [
                    NewLead(
                        id=each.id,
                        email=each.email,
                        fields=fields[each.id],
                        created_at=since,
                        account_id=each.account,
                        owner=each.owner,
                    )
                    for each in some
                ],
            )
            leads.link(
                conn,
                [
                    Reference(connection=SYSTEM, object="contact", external_id=record, lead_id=each.id)
                    for each, record in zip(some, records, strict=True)
                ],
            )
            field_changes.add(
                conn,
                [
                    *(
                        NewChange(
                            key=f"{SYSTEM}:company:{firm}@0",
                            at=since,
                            fields=about[firm],
                            account_id=firm,
                            initial=True,
                        )
                        for firm in firms
                    ),
                    *(
                        NewChange(
                            key=f"{SYSTEM}:contact:{record}@0",
                            at=since,
                            fields=fields[each.id],
                            lead_id=each.id,
                            initial=True,
                        )
                        for each, record in zip(some, records, strict=True)
                    ),
                ],
            )
        done += len(some)
        tell("who they are", done, len(people))


def _contact(person: Person) -> dict[str, Any]:
    return {
        "email": person.email,
        "firstname": "Robin",
        "lastname": f"Number{person.number}",
        "hubspot_owner_id": person.owner,
    }


def _firm(firm: AccountId, chance: Random) -> dict[str, Any]:
    return {
        "name": f"Company {firm}",
        "domain": f"{firm}.example",
        "employees": chance.choice(_EMPLOYEES),
        "industry": chance.choice(_INDUSTRIES),
    }


def _fields(person: Person, chance: Random) -> dict[str, Any]:
    return {
        "email": person.email,
        "first_name": "Robin",
        "last_name": f"Number{person.number}",
        "account": person.account,
        "owner": person.owner,
        "seniority": chance.choice(_SENIORITIES),
        "function": chance.choice(_FUNCTIONS),
        "source": chance.choice(_SOURCES),
    }


def parts(rows: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """The rows, so many at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
