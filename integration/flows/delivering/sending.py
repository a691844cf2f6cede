"""Sending: sends rows of the outbox in batches; a row that cannot be sent never delays the others."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Connection as Sql

from connectors.base.port import Receipt, Unavailable
from integration.flows.base.isolation import Station, Try, isolate
from integration.flows.base.service import Connection, HasStore
from integration.flows.crm_calls.pause_connection import pause
from integration.flows.crm_calls.retrying import backoff
from integration.store.outgoing import outbox
from integration.store.queues import leases
from integration.store.queues.dead_letters import Letter
from integration.store.queues.leases import Lease


class _Row(Protocol):
    @property
    def id(self) -> int:
        """The row's number in the outbox."""

    @property
    def lead_id(self) -> str:
        """Whom it is about."""


RowT = TypeVar("RowT", bound=_Row)


class _StoppedError(Unavailable):
    """The CRM asked to wait; that is stored, with what became of the writes. Nothing more goes out now."""


def send(  # noqa: PLR0913, PLR0917 - what is sent, how, and what it is called
    service: HasStore,
    lease: Lease,
    connection: Connection,
    rows: Sequence[RowT],
    way: Callable[[Try[RowT]], Receipt | None],
    kind: str,
    *,
    suspected: bool = True,
) -> bool:
    """Send one batch, what cannot be sent apart from the others; false when the connection has to wait.

    `way` sends a group, stores what became of each write, and answers the receipt for which the connection has to
    wait; or raises Unavailable. Where nothing is `suspected` in the lane, the store is not asked for suspects.
    """

    def work(these: Try[RowT]) -> None:
        stop = way(these)
        if stop is not None:
            raise _StoppedError(stop)

    def put_off(conn: Sql, row: RowT, tries: int) -> None:
        outbox.postpone(conn, [(row.id, service.now() + backoff(tries), "it could not be sent")])

    def lay_aside(conn: Sql, row: RowT, reason: str) -> Letter:
        return outbox.given_up(conn, [(row.id, f"it could not be sent: {reason}")], service.now())[0]

    station: Station[RowT] = Station(
        lane=lease.name,
        name=lambda row: str(row.id),
        work=work,
        lay_aside=lay_aside,
        lead=lambda row: row.lead_id,
        put_off=put_off,
        batch=kind,
    )
    try:
        isolate(service, lease, station, rows, suspected=suspected)
    except _StoppedError:
        return False
    except Unavailable as away:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            pause(conn, connection.name, away.receipt, service.now())
        return False
    return True
