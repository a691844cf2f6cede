"""A store of any size: a few hundred leads live through their past by the product's own flows, and are then copied."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from integration.rig.bench.bench_history import START
from integration.rig.bulk import bulk_history
from integration.rig.console_bench import copied_leads
from integration.rig.publish_drill.living_people import SYSTEM, Person
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
from mappings.values.identifiers import ExternalId
from mappings.values.instant import Instant

_AT_ONCE = 10_000


def person(copy: int, number: int) -> Person:
    """Somebody of this copy; of the pattern itself, which is copy 0."""
    return Person(number, copied_leads.mark(copy))


def _record(of: Person) -> ExternalId:
    """Its record in the CRM."""
    return ExternalId(f"{of.mark}record{of.number}")


def pattern(store: Store, people: int, acts: int) -> Instant:
    """Store the pattern: so many people and activities, not decided about yet; a time after everything."""
    crowd = [Person(number) for number in range(people)]
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
                    fields=bulk_history.company(each.firm),
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
                Reference(connection=SYSTEM, object="contact", external_id=_record(each), lead_id=each.id)
                for each in crowd
            ],
        )
        about = [
            NewChange(
                key=f"{SYSTEM}:company:{firm}@0",
                at=since,
                fields=bulk_history.company(each.firm),
                account_id=firm,
                initial=True,
            )
            for firm, each in firms.items()
        ]
        about += [
            NewChange(
                key=f"{SYSTEM}:contact:{_record(each)}@0",
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
