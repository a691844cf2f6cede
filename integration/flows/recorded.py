"""Recorded: the whole history that the store keeps, as the core's events, in any order. Reads only."""

from collections.abc import Iterator

from sqlalchemy import Connection as Sql

from integration.core.events import AccountChanged, Event, LeadChanged
from integration.store import archive
from mappings.canonical import Activity


def recorded(conn: Sql) -> Iterator[tuple[str, Event]]:
    """(lead or "", event): every activity and field change; of merged leads under the one they live on as.

    What was derived from account signals is left out, since it depends on the playbook.
    """
    merged = archive.merged(conn)
    for row in archive.changes(conn):
        lead = merged.get(row.lead_id or "", row.lead_id or "")
        if lead:
            yield lead, LeadChanged(id=row.key, at=row.at, fields=row.fields)
        if row.account_id:
            yield "", AccountChanged(id=row.key, at=row.at, account=row.account_id, fields=row.fields)
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
