"""Stored history: the whole history in the store, as the core's events, in any order. Reads only."""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection as Sql

from integration.core.model.events import AccountChanged, Event, LeadChanged
from integration.flows.history.counted_changes import counting
from integration.flows.history.lead_events import ALWAYS
from integration.store.events import archive
from integration.store.people.field_changes import ChangeRow
from mappings.conflicts.field_conflicts import NOBODY, Ownership
from mappings.model.canonical import Activity


def recorded(conn: Sql, ownership: Ownership = NOBODY) -> Iterator[tuple[str, Event]]:
    """(lead or "", event): every activity and field change; of merged leads under the one they live on as.

    What was derived from account signals is left out, since it depends on the playbook. `ownership` says whose word
    counts of which field.
    """
    merged = archive.merged(conn)
    for row in _counting(conn, ownership):
        lead = merged.get(row.lead_id or "", row.lead_id or "")
        if lead:
            yield lead, LeadChanged(id=row.key, at=row.at, fields=row.fields, initial=row.initial, answer=row.answer)
        if row.account_id:
            firm, fields = row.account_id, row.fields
            yield "", AccountChanged(id=row.key, at=row.at, account=firm, fields=fields, initial=row.initial)
    for deed in archive.activities(conn):
        lead = merged.get(deed.lead_id or "", deed.lead_id or "")
        account = deed.account_id or ""
        if lead or account:
            yield (
                lead,
                Activity(
                    id=deed.key, lead=lead, at=deed.at, type=deed.type, properties=deed.properties, account=account
                ),
            )


def _counting(conn: Sql, ownership: Ownership) -> Iterator[ChangeRow]:
    """The changes of one lead or account after the other, as far as they count."""
    for (lead, _), told in groupby(archive.changes(conn), key=lambda each: (each[0].lead_id, each[0].account_id)):
        rows = list(told)
        since = rows[0][1] if lead else ALWAYS
        yield from counting([row for row, _ in rows], ownership.lead if lead else ownership.account, since)
