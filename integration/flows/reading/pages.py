"""Pages: stores what a CRM answers page by page, with the place where the reading goes on.

What survives a crash: the place moves in the transaction that stores the whole page, or after all of it is stored or
set aside. Whatever is read twice adds nothing.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sqlalchemy import Connection as Sql

from connectors.base.port import Record
from integration.flows.base.isolation import Station, Try, isolate
from integration.flows.base.service import Connection, HasStore
from integration.flows.reading import refresh
from integration.flows.reading.refresh import companies_named, with_companies
from integration.store.db.session import serialise
from integration.store.people import accounts
from integration.store.queues import leases, suspects
from integration.store.queues import records_to_read as wishes
from integration.store.queues.dead_letters import Letter
from integration.store.queues.leases import Lease
from integration.store.queues.records_to_read import Wanted

_Versions: TypeAlias = tuple[Record, ...]
"""One record, as often as it is on the page."""


def store_page(  # noqa: PLR0913 - a page, and what is done with it
    service: HasStore,
    lease: Lease,
    connection: Connection,
    records: Sequence[Record],
    *,
    store: Callable[[Sql, Sequence[Record]], None],
    move: Callable[[Sql], None],
) -> None:
    """Store a page's records with the companies that they name, and move on; a record that cannot be is set aside.

    `store` stores some of the records in the transaction it is given, `move` notes there where the reading goes on.
    Raises Unavailable, and StoreBusyError; then nothing has moved, and the page is read again.
    """
    moved: list[bool] = []
    fresh = _changed(service, connection, records)

    def work(these: Try[_Versions]) -> None:
        some = [record for versions in these.items for record in versions]
        with service.store.read() as conn:
            named = companies_named(connection, some)
            unknown = named - accounts.by_reference(conn, named).keys()
        whole, more = with_companies(connection, some, unknown)
        with service.store.write() as conn:
            leases.extend(conn, lease)
            these.done(conn)
            serialise(conn, "people")
            store(conn, whole)
            wishes.want(conn, more)
            if len(some) == sum(map(len, fresh)):
                move(conn)
                moved.append(True)

    def lay_aside(_conn: Sql, versions: _Versions, reason: str) -> Letter:
        record = versions[0]
        wanted = Wanted(connection=connection.name, object=record.object, external_id=record.id)
        return refresh.letter(connection, wanted, reason, service.now())

    station: Station[_Versions] = Station(
        lane=refresh.lane(connection),
        name=_name,
        work=work,
        lay_aside=lay_aside,
        batch=records[0].object if records else "",
    )
    isolate(service, lease, station, fresh)
    if not moved:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            move(conn)


def _name(versions: _Versions) -> str:
    return f"{versions[0].object}:{versions[0].id}"


def _changed(service: HasStore, connection: Connection, records: Sequence[Record]) -> list[_Versions]:
    """The records of a page, but for those that were set aside as they still are: pages overlap."""
    found = {_name(versions): versions for versions in _by_record(records)}
    if not found:
        return []
    with service.store.read() as conn:
        known = suspects.known(conn, refresh.lane(connection), found)
    return [
        versions
        for name, versions in found.items()
        if name not in known
        or known[name].letter is None
        or any((each.modified_at or 0) > known[name].at for each in versions)
    ]


def _by_record(records: Sequence[Record]) -> list[_Versions]:
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        found.setdefault((record.object, record.id), []).append(record)
    return [tuple(versions) for versions in found.values()]
