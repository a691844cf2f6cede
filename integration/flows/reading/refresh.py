"""Refresh: reads CRM records that webhooks named, and finds people that only activities named.

What survives a crash: a request to read stays until the transaction that stored what was read removes
it. Reading twice changes nothing, since only differences are stored. What the CRM will not answer becomes a sync error
in that transaction, too. A record that cannot be stored is set aside (see isolation.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

import structlog
from sqlalchemy import Connection as Sql

from connectors.base.limits import chunks
from connectors.base.port import Record, Unavailable
from integration.flows.base.isolation import Station, Try, isolate
from integration.flows.base.lane import drain
from integration.flows.base.running_playbook import following
from integration.flows.base.service import (
    Connection,
    HasLanes,
)
from integration.flows.crm_calls.ask_crm import Ask, answering, asked
from integration.flows.crm_calls.outcome_words import with_labels
from integration.flows.crm_calls.pause_connection import open_for, pause
from integration.flows.crm_calls.retrying import MOST_ATTEMPTS, backoff
from integration.flows.crm_calls.unanswered_lookups import Unanswered, plain, set_aside, shown
from integration.flows.reading.store_records import RecordIntake, bury_missing, store_records
from integration.store.crm import connection_pauses
from integration.store.db.json_codec import encode
from integration.store.db.session import serialise
from integration.store.people import leads
from integration.store.people.record_references import Address
from integration.store.queues import dirty, leases, look_ups, people_to_find, records_to_read
from integration.store.queues.dead_letters import Letter
from integration.store.queues.leases import Lease
from integration.store.queues.look_ups import LookUp
from integration.store.queues.people_to_find import Sought
from integration.store.queues.records_to_read import Wanted
from mappings.translate.translation import inward
from mappings.values.identifiers import ConnectionName, ExternalId
from mappings.values.instant import Instant

log = structlog.get_logger()

_Asked: TypeAlias = tuple[str | None, str]


class ReadingLane(RecordIntake, HasLanes, Protocol):
    """What the lanes that read a CRM take."""


def read_records(service: ReadingLane, connection: ConnectionName) -> int:
    """Read everything that waits to be read from one connection."""
    return drain(service, f"refresh:{connection}", partial(_turn, name=connection))


def _turn(service: ReadingLane, lease: Lease, /, *, name: ConnectionName) -> bool:
    limits = service.connections[name].connector.limits
    now = service.now()
    with service.store.read() as conn:
        if open_for(name, connection_pauses.lasting(conn, now)) != "everything":
            return False
        wishes = look_ups.take(conn, name, now, min(limits.read, limits.find))
    if not wishes:
        return False
    service = following(service)  # after the requests: those of a changed mapping are read by that mapping
    connection = service.connections[name]
    try:
        isolate(service, lease, station(service, lease, connection, now), wishes)
    except Unavailable as fault:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            pause(conn, connection.name, fault.receipt, service.now())
        return False
    service.wake("advance")
    return True


def station(service: RecordIntake, lease: Lease, connection: Connection, now: Instant) -> Station[LookUp]:
    """How requested records are read, and what becomes of a request that cannot be met."""

    def put_off(conn: Sql, wish: LookUp, tries: int) -> None:
        look_ups.postpone(conn, [wish], service.now() + backoff(tries))

    def lay_aside(conn: Sql, wish: LookUp, reason: str) -> Letter:
        look_ups.done(conn, [wish])
        _release(conn, [wish], service.now())
        return letter(connection, wish, reason, service.now())

    return Station(
        lane=lane(connection),
        name=shown,
        work=lambda these: _work(service, lease, connection, these, now),
        lay_aside=lay_aside,
        put_off=put_off,
    )


def lane(connection: Connection) -> str:
    """Under which name the records of a connection are suspects, whoever reads them: a request, a poll or a sync."""
    return f"refresh:{connection.name}"


def letter(connection: Connection, look_up: LookUp, reason: str, at: Instant) -> Letter:
    """The sync error of a record that could not be read or stored; replayed, the record is read again."""
    payload = encode({"connection": connection.name, **plain(look_up)}).encode()
    said = f"it could not be taken in: {reason}"
    return Letter(stage="refresh", source=connection.name, ref=shown(look_up), payload=payload, reason=said, at=at)


def _work(service: RecordIntake, lease: Lease, connection: Connection, these: Try[LookUp], now: Instant) -> None:
    wishes = these.items
    read = _read(connection, wishes)
    connection = with_labels(service, connection, read.records)
    with service.store.write() as conn:
        leases.extend(conn, lease)
        these.done(conn)
        serialise(conn, "people")
        store_records(conn, service, connection, read.records, asked_at=now)
        wished = [
            (connection.name, wish.object, wish.external_id) for wish in read.answered if isinstance(wish, Wanted)
        ]
        bury_missing(conn, connection, wished, read.records)
        set_aside(conn, connection, read.refused, service.now())
        for attempts in {wish.attempts for wish in read.tried}:
            some = [wish for wish in read.tried if wish.attempts == attempts]
            look_ups.postpone(conn, some, service.now() + backoff(attempts))
        records_to_read.want(conn, read.more)
        settled = [*read.answered, *(wish for each in read.refused for wish in each.wishes)]
        look_ups.done(conn, settled)
        _release(conn, settled, service.now())
    log.info("read records", connection=connection.name, asked=len(wishes), found=len(read.records))


def _release(conn: Sql, wishes: Sequence[LookUp], now: Instant) -> None:
    """Those for whom every CRM has been asked by now can be decided about."""
    emails = {wish.email for wish in wishes if isinstance(wish, Sought)}
    dirty.mark(conn, sorted(leads.by_email(conn, emails - people_to_find.sought(conn, emails)).values()), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What became of requests: those `tried` failed for now; `more` is to be read as well. Others stay as they are."""

    records: Sequence[Record]
    answered: Sequence[LookUp]
    refused: Sequence[Unanswered]
    tried: Sequence[LookUp]
    more: Sequence[Wanted]


def _by_id(connection: Connection, name: str) -> Ask:
    return partial(connection.connector.read, name, fields=connection.mapping.reads(name))


def _by_email(connection: Connection, name: str) -> Ask:
    return partial(connection.connector.find, fields={name: connection.mapping.reads(name)})


def _read(connection: Connection, wishes: Sequence[LookUp]) -> _Read:
    """Records by id, people by e-mail, and then the companies that those people name. Raises Unavailable."""
    mapping = connection.mapping
    by_object: dict[str | None, dict[str, LookUp]] = defaultdict(dict)
    for wish in wishes:
        name, value = _asked(wish)
        by_object[name][value] = wish
    found: list[Record] = []
    refused: list[Unanswered] = []
    tried: dict[_Asked, LookUp] = {}
    later: set[_Asked] = set()
    for name, some in by_object.items():
        for asked_of in mapping.people if name is None else [name] if name in mapping.objects else []:
            ask = _by_email(connection, asked_of) if name is None else _by_id(connection, asked_of)
            answers = asked(list(some), ask, there=partial(answering, connection.connector, asked_of))
            found += answers.records
            later |= {(name, value) for value in answers.later}
            for value, receipt in answers.tried.items():
                if some[value].attempts + 1 < MOST_ATTEMPTS:
                    tried[name, value] = some[value]
                else:
                    answers.refused.append(([value], receipt))
            refused += [
                Unanswered(asked_of=asked_of, wishes=[some[value] for value in values], receipt=receipt)
                for values, receipt in answers.refused
            ]
    records, more = with_companies(connection, found, companies_named(connection, found))
    gone = {_asked(wish) for each in refused for wish in each.wishes}
    return _Read(
        records=records,
        answered=[wish for wish in wishes if _asked(wish) not in gone | tried.keys() | later],
        refused=refused,
        tried=[wish for pair, wish in tried.items() if pair not in gone],
        more=more,
    )


def _asked(look_up: LookUp) -> _Asked:
    """(object, id) of a record; (None, e-mail) of somebody who is to be found."""
    if isinstance(look_up, Wanted):
        return look_up.object, look_up.external_id
    return None, look_up.email


def companies_named(connection: Connection, records: Sequence[Record]) -> set[Address]:
    """The companies that people's records name."""
    mapping = connection.mapping
    people = (inward(mapping, each.object, each.fields) for each in records if each.object in mapping.people)
    return {(connection.name, *told.account_ref) for told in people if told.account_ref is not None}


def with_companies(
    connection: Connection, records: Sequence[Record], wanted: Iterable[Address]
) -> tuple[list[Record], list[Wanted]]:
    """The records, and those of these companies that are not among them. Raises Unavailable.

    Companies that the CRM will not show become requests: they are asked for by themselves, and set aside there.
    """
    most = connection.connector.limits.read
    found = list(records)
    more: list[Wanted] = []
    there = {(connection.name, record.object, record.id) for record in records}
    missing: dict[str, list[str]] = defaultdict(list)
    for _, name, key in sorted(set(wanted) - there):
        missing[name].append(key)
    for name, ids in missing.items():
        for some in chunks(ids, most):
            answers = asked(some, _by_id(connection, name), there=partial(answering, connection.connector, name))
            found += answers.records
            more += [
                Wanted(connection=connection.name, object=name, external_id=ExternalId(key))
                for key in sorted(answers.open)
            ]
    return found, more
