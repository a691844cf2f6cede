"""Warm up: runs every step once with invented people before the first real one, and takes everything back.

SQLAlchemy turns a statement into SQL at its first use. For a lane's statements that takes a tenth of
a second, inside the transaction that other writers and a webhook's answer wait for. A worker's jobs
are forks, so each of them would do it again; what their parent did once, they all know.
"""

import contextlib
from typing import Protocol

import structlog
from sqlalchemy import Connection as Sql
from sqlalchemy.exc import SQLAlchemyError

from integration.flows.base.service import (
    HasLanes,
    Intake,
)
from integration.flows.deciding import decide_leads
from integration.flows.deciding.decision_outcomes import Deciding
from integration.flows.intake import store_deliveries
from integration.flows.intake.conflicting_contents import Delivered
from integration.store.crm import call_usage, connection_pauses, crm_field_state
from integration.store.db.errors import StoreError
from integration.store.outgoing import outbox
from integration.store.outgoing.outbox import NewOnce
from integration.store.outgoing.suppressed_effects import silence
from integration.store.people import leads, record_references
from integration.store.people.record_references import Reference
from integration.store.queues import dirty, inbox, leases, look_ups
from mappings.values import countries, domains
from mappings.values.identifiers import ConnectionName, ExternalId, LeadId
from mappings.values.instant import Instant
from webhooks.facts import SentActivity

log = structlog.get_logger()

_SOURCE = "warming"
_TYPES = ("email_click", "document_view", "demo_request")


class Warming(Intake, Deciding, HasLanes, Protocol):
    """What warming takes: the parts of the busy lanes."""


class _TakenBack(Exception):
    """Ends a transaction whose work nobody wants."""


def warm(service: Warming) -> None:
    """Use every statement of the busy lanes, for one row and for several, read the lists, and close what was opened.

    Nothing of it stays, and nothing that goes wrong here matters: the store may be down or not there yet.
    """
    countries.known()
    domains.domain("coldframe.example")
    try:
        for people in (1, 2):
            with contextlib.suppress(_TakenBack), service.store.write() as conn:
                _stations(conn, service, people)
                raise _TakenBack
    except (StoreError, SQLAlchemyError) as error:
        log.warning("not warmed; the first jobs will be slower", error=type(error).__name__)
    finally:
        service.store.dispose()


def _stations(conn: Sql, service: Warming, people: int) -> None:
    now = service.now()
    lease = leases.take(conn, _SOURCE, service.lanes.holder, service.lanes.lease)
    if lease is not None:
        leases.extend(conn, lease)
        leases.release(conn, lease)
    inbox.done(conn, inbox.add(conn, [(_SOURCE, {}, b"{}", now)] * people))
    inbox.pending(conn, 1, 1)
    heard = [_activity(number, kind, now) for number in range(people) for kind in _TYPES[:people]]
    store_deliveries.store(conn, service, heard=[Delivered(_SOURCE, each) for each in heard], noticed=())
    ids = sorted(leads.by_email(conn, [each.email or "" for each in heard]).values())
    for name in service.connections:
        record_references.link(
            conn,
            [
                Reference(connection=name, object="contact", external_id=ExternalId(key), lead_id=LeadId(key))
                for key in ids
            ],
        )
        look_ups.take(conn, name, now, 1)
    decide_leads.decide(conn, service, ids, now)
    dirty.clear(conn, dirty.take(conn, now, people))
    dirty.clear_accounts(conn, dirty.take_accounts(conn, now, people))
    leads.due(conn, now, 1)
    for name in service.connections:
        _delivery(conn, name, ids, now)


def _activity(number: int, kind: str, now: Instant) -> SentActivity:
    email = f"nobody{number}@{_SOURCE}.invalid"
    return SentActivity(id=f"{number}-{kind}", type=kind, at=now, email=email, lead=None, account=None, properties={})


def _delivery(conn: Sql, connection: ConnectionName, ids: list[LeadId], now: Instant) -> None:
    connection_pauses.paused(conn, now)
    call_usage.alone(conn, connection)
    call_usage.put(conn, connection, "", call_usage.get(conn, connection), now)
    tasks = [NewOnce(key=f"{_SOURCE}:{key}", lead_id=key, payload={}) for key in ids]
    outbox.want_once(conn, connection, "task", tasks, now)
    outbox.want_fields(conn, connection, ids, now)
    outbox.attempting(conn, [row.id for row in outbox.pending(conn, connection, "task", now, len(ids))])
    rows = outbox.pending(conn, connection, "fields", now, len(ids))
    outbox.sent(conn, [(row.id, row.seq, row.external_id) for row in rows])
    record_references.wrote(conn, [(connection, row.object, row.external_id, "{}") for row in rows])
    addresses = [(connection, row.object, row.external_id) for row in rows]
    crm_field_state.save(conn, {each: {} for each in addresses})
    crm_field_state.load(conn, addresses)
    dirty.marked(conn, ids)
    outbox.defer(conn, [row.id for row in rows], now)
    silence(conn, ids, now)
    outbox.oldest(conn, connection)
