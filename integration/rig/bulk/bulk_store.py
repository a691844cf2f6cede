"""Fills a store, and a file for DuckDB, with an invented past: straight into the tables, a batch at a time."""

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from integration.rig.bench.bench_history import START
from integration.rig.bulk import bulk_history
from integration.rig.bulk.bulk_history import lead_id
from integration.store.db.json_codec import encode
from integration.store.db.session import Store
from integration.store.events import activities
from integration.store.events.activities import NewActivity
from integration.store.people import accounts, field_changes, leads
from integration.store.people.accounts import NewAccount
from integration.store.people.field_changes import NewChange
from integration.store.people.leads import NewLead
from mappings.values.identifiers import AccountId

_BATCH = 10_000
_AT_A_COMPANY = 5


def fill(store: Store, file: Path, people: int, acts: int, tell: Callable[[int], None]) -> None:
    """So many leads and activities, also as CSV in `file`.leads and `file`.deeds. `tell` gets how many are there."""
    with file.with_suffix(".leads").open("w", newline="") as out:
        table = csv.writer(out)
        for numbers in _batches(iter(range(people))):
            _people(store, numbers)
            for number in numbers:
                firm = bulk_history.company(number // _AT_A_COMPANY)
                table.writerow([lead_id(number), bulk_history.fields(number)["seniority"], *firm.values()])
    done = 0
    with file.with_suffix(".deeds").open("w", newline="") as out:
        table = csv.writer(out)
        for batch in _batches(bulk_history.deeds(people, acts)):
            rows = [
                NewActivity(f"bulk:{done + place}", lead_id(lead), at, kind, told, "bulk")
                for place, (lead, at, kind, told) in enumerate(batch)
            ]
            with store.write() as conn:
                activities.keep(conn, rows)
            table.writerows([row.lead_id, row.at, row.key, row.type, encode(row.properties)] for row in rows)
            store.tend()
            done += len(rows)
            tell(done)


def _people(store: Store, numbers: list[int]) -> None:
    firms = sorted({number // _AT_A_COMPANY for number in numbers})
    with store.write() as conn:
        accounts.add(
            conn,
            [
                NewAccount(
                    id=_firm(firm), domain=f"firm{firm}.example", fields=bulk_history.company(firm), created_at=START
                )
                for firm in firms
            ],
        )
        leads.add(
            conn,
            [
                NewLead(
                    id=lead_id(number),
                    email=f"bulk{number}@firm{number // _AT_A_COMPANY}.example",
                    fields=bulk_history.fields(number),
                    created_at=START,
                    account_id=_firm(number // _AT_A_COMPANY),
                )
                for number in numbers
            ],
        )
        about = [
            NewChange(
                key=f"firm{firm}", at=START, fields=bulk_history.company(firm), account_id=_firm(firm), initial=True
            )
            for firm in firms
        ]
        about += [
            NewChange(
                key=f"lead{number}",
                at=START,
                fields={**bulk_history.fields(number), "account": _firm(number // _AT_A_COMPANY)},
                lead_id=lead_id(number),
                initial=True,
            )
            for number in numbers
        ]
        field_changes.add(conn, about)


def _firm(number: int) -> AccountId:
    return AccountId(f"firm{number}")


def _batches(items: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(items, _BATCH)):
        yield batch
