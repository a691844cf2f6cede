"""A store of any size: a few hundred leads live through their past by the product's own flows, and are then copied."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from integration.rig.bench.bench_history import START
from integration.rig.bulk import bulk_history
from integration.rig.console_bench import copied_leads
from integration.store.db.session import Store
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.people import accounts, field_changes, leads
from integration.store.people.accounts import NewAccount
from integration.store.people.field_changes import NewChange
from integration.store.people.leads import NewLead
from integration.store.people.record_references import Reference
from integration.store.queues import dirty
from integration.store.schema import tables
from mappings.values.identifiers import AccountId, ConnectionName, ExternalId, LeadId
from mappings.values.instant import Instant

SYSTEM = ConnectionName("hubspot")
_COLLEAGUES = 5
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Person:
    """One lead: its number in the pattern, and the mark of its copy ("" for the pattern itself; see copied_leads)."""

    mark: str
    number: int

    @classmethod
    def of(cls, copy: int, number: int) -> "Person":
        """Of this copy; 0 for the pattern."""
        return cls(f"c{copy}" if copy else "", number)

    @property
    def id(self) -> LeadId:
        """As the store calls it."""
        return LeadId(f"{self.mark}lead{self.number:06}")

    @property
    def account(self) -> AccountId:
        """Where it works."""
        return AccountId(f"{self.mark}firm{self.number // _COLLEAGUES:06}")

    @property
    def domain(self) -> str:
        """That company's."""
        return f"{self.account}.example"

    @property
    def email(self) -> str:
        """Its one e-mail."""
        return f"person{self.number}@{self.domain}"

    @property
    def record(self) -> ExternalId:
        """Its record in the CRM."""
        return ExternalId(f"{self.mark}record{self.number}")


def pattern(store: Store, people: int, acts: int) -> Instant:
    """Store the pattern: so many people and activities, not decided about yet; a time after everything."""
    crowd = [Person.of(0, number) for number in range(people)]
    add(store, crowd, START)
    for batch in _batches(enumerate(bulk_history.deeds(people, acts))):
        with store.write() as conn:
            activities.keep(
                conn,
                [
                    NewActivity(f"activities:past-{number}", crowd[lead].id, at, kind, told, "activities")
                    for number, (lead, at, kind, told) in batch
                ],
            )
    end = bulk_history.end(people, acts)
    with store.write() as conn:
        dirty.mark(conn, [each.id for each in crowd], end)
        dirty.mark_accounts(conn, {each.account for each in crowd}, end)
    return end


def add(store: Store, crowd: Sequence[Person], since: Instant) -> None:
    """Store who these people are, with their companies and records."""
    firms = {each.account: each for each in crowd}
    with store.write() as conn:
        accounts.add(
            conn,
            [
                NewAccount(
                    id=firm,
                    domain=each.domain,
                    fields=bulk_history.company(each.number // _COLLEAGUES),
                    created_at=since,
                )
                for firm, each in firms.items()
            ],
        )
        leads.add(
            conn,
            [
                NewLead(
                    id=each.id,
                    email=each.email,
                    fields=bulk_history.fields(each.number),
                    created_at=since,
                    account_id=each.account,
                )
                for each in crowd
            ],
        )
        leads.link(
            conn,
            [
                Reference(connection=SYSTEM, object="contact", external_id=each.record, lead_id=each.id)
                for each in crowd
            ],
        )
        about = [
            NewChange(
                key=f"{SYSTEM}:company:{firm}@0",
                at=since,
                fields=bulk_history.company(each.number // _COLLEAGUES),
                account_id=firm,
                initial=True,
            )
            for firm, each in firms.items()
        ]
        about += [
            NewChange(
                key=f"{SYSTEM}:contact:{each.record}@0",
                at=since,
                fields={**bulk_history.fields(each.number), "email": each.email, "account": each.account},
                lead_id=each.id,
                initial=True,
            )
            for each in crowd
        ]
        field_changes.add(conn, about)


def grown(store: Store, people: int, copies: int, size: int, tell: Callable[[int], None]) -> int:
    """Copy so many people until there are `size` leads, where some copies are there; how many copies are then."""
    wanted = max(copies, -(-size // people))
    copied_leads.multiply(store, copies, wanted, lambda there: tell(there * people))
    return wanted


def stand(store: Store, version: int) -> None:
    """All leads and companies stand under this version of the rules, which say the same as the one before."""
    with store.write() as conn:
        for table in (tables.leads, tables.accounts):
            conn.execute(table.update().where(table.c.version < version).values(version=version))


def _batches(items: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(items, _AT_ONCE)):
        yield batch
