"""Erase person: deletes a person from the store, and keeps hashes of their names, so that nothing brings them back.

What survives a crash: the first transaction notes the names, takes every lane's lease from its holder, so that nobody
who has the person in memory can save them again, and deletes their rows. Raw deliveries, sync errors and what others
said are then gone through and cleaned, again until nothing is found. Until then the names are pending in `erased`, and
the lane `advance` takes up an erasure whose process died. [decision 0012]
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

import structlog
from sqlalchemy import Connection as Sql

from integration.flows.base.connection_of_system import address, called
from integration.flows.base.isolation import Station, Try, isolate
from integration.flows.base.service import Connection, HasCrms, HasKeys, HasStore, HasWake
from integration.flows.privacy import raw_deliveries
from integration.flows.privacy.raw_deliveries import Raw
from integration.flows.privacy.screening import Screening, Sealed, strangers
from integration.store.audit import audit_trail, mentions
from integration.store.audit.mentions import Mention
from integration.store.db.json_codec import encode
from integration.store.db.session import serialise
from integration.store.overall import erased_people, erasure, erasure_key
from integration.store.overall.erasure import Target
from integration.store.queues import dead_letters, inbox, leases
from integration.store.queues.dead_letters import Letter
from integration.store.queues.leases import Lease
from mappings.model import catalogue
from mappings.values import person_names
from mappings.values.identifiers import ConnectionName

log = structlog.get_logger()

BATCH = 20
"""Persons whom one turn of a lane erases."""
_MOST_ROUNDS = 5

Hold = Callable[[Sql], None]
_Pending: TypeAlias = tuple[str, str]
"""(hash, name)"""


class Erasing(Screening, HasWake, Protocol):
    """What erasing takes: the names of the erased are kept as hashes, and every lane is woken."""


class _TakenBack(Exception):
    """Ends a transaction whose work was only a rehearsal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an erasure removed, by table, and under which hash the audit knows it."""

    hash: str
    leads: int
    names: int
    removed: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traces:
    """Where, outside their own rows, somebody is named."""

    deliveries: tuple[Raw, ...]
    letters: tuple[Raw, ...]
    mentions: tuple[Mention, ...]

    def __bool__(self) -> bool:
        return bool(self.deliveries or self.letters or self.mentions)


_NOWHERE = _Traces(deliveries=(), letters=(), mentions=())


def asked_for(text: str, connections: Mapping[ConnectionName, Connection]) -> str:
    """The name that somebody is asked for by: an e-mail, or `connection:object:id`.

    The system stands for its only connection. ValueError where the text is neither, or means several connections.
    """
    parts = text.strip().split(":", 2)
    if "@" in text and len(parts) == 1:
        return person_names.of_email(text)
    if len(parts) == 3 and all(parts):  # noqa: PLR2004 - connection:object:id
        several = [each.name for each in connections.values() if each.system == parts[0]]
        if len(several) > 1 and parts[0] not in connections:
            msg = f"{parts[0]} is connected several times: say {' or '.join(several)} instead"
            raise ValueError(msg)
        return person_names.of_record(*address(connections, "", text.strip()))
    crm = catalogue.rules(catalogue.systems()[0])
    example = f"{crm.name}:{crm.people[-1]}:ID"
    msg = f"{text!r} is no e-mail address, nor connection:object:id such as {example}"
    raise ValueError(msg)


def rehearse(service: Screening, name: str, *, everywhere: bool = True) -> Report | None:
    """What `erase` would remove, with nothing changed; None where nobody is known by that name.

    Not `everywhere`: without what others said, for which every text of the store is looked through.
    """
    with service.store.read() as conn:
        who, key = erasure.target(conn, [name]), erasure_key.read(conn, service.keys.keyring)
        traces = _traces(conn, service, who.names) if everywhere else _NOWHERE
    if not who.leads and not traces:
        return None
    counts: Counter[str] = Counter()
    with suppress(_TakenBack), service.store.write() as conn:
        counts.update(erasure.remove(conn, who, service.now()))
        counts.update(_black(conn, service, who.names, traces, b""))
        raise _TakenBack
    digest = "" if key is None else erased_people.hashed(key, name)
    return Report(hash=digest, leads=len(who.leads), names=len(who.names), removed=dict(counts))


def erase(service: Erasing, name: str, *, actor: str) -> Report:
    """Remove whoever goes by that name, and let nothing bring them back. Raises StoreBusyError; then ask again."""
    report = _erase(service, [name], actor, _nothing, "", _nothing)
    _wake(service)
    return report


def begin(service: Erasing, name: str, *, actor: str) -> Report:
    """Remove their own rows now, and have the lane `advance` look through everything else. Raises StoreBusyError."""
    counts = Counter[str]()
    with _fenced(service, _nothing, "") as conn:
        who = _remove(conn, service, frozenset([name]), counts)
        digest = erased_people.hashed(_key(conn, service), name)
        _audit(conn, service, actor, digest, counts, len(who.names))
    _wake(service)
    return Report(hash=digest, leads=len(who.leads), names=len(who.names), removed=dict(counts))


def erase_batch(service: Erasing, lease: Lease) -> None:
    """Remove those whom a CRM deleted for privacy, and those whose erasure was cut short."""
    with service.store.read() as conn:
        waiting = erased_people.pending(conn, BATCH)

    def work(these: Try[_Pending]) -> None:
        names = [name for _, name in these.items]
        hold = partial(leases.extend, lease=lease)
        _erase(service, names, "coldframe", hold, lease.name, these.done)
        _wake(service)

    def lay_aside(_conn: Sql, pending: _Pending, reason: str) -> Letter:
        digest, name = pending
        kind, _, _ = reason.partition(":")  # what follows may name whom nobody is to know any more
        hidden = reason if name not in reason else kind
        payload = encode({"erased": digest}).encode()
        at = service.now()
        return Letter(stage="erasing", source="coldframe", ref=digest, payload=payload, reason=hidden, at=at)

    station: Station[_Pending] = Station(
        lane=erased_people.ERASING, name=lambda each: each[0], work=work, lay_aside=lay_aside
    )
    isolate(service, lease, station, waiting)


def forget(service: Sealed, name: str, *, actor: str) -> int:
    """Let somebody come back who was erased: how many of their names are let in again, 0 where they were not."""
    with service.store.write() as conn:
        persons = erased_people.known(conn, service.keys.keyring, [name])
        if not persons:
            return 0
        count = erased_people.forget(conn, persons.values())
        digest = erased_people.hashed(_key(conn, service), name)
        audit_trail.add(
            conn, [audit_trail.Entry(at=service.now(), actor=actor, action="forget erasure", subject=f"name {digest}")]
        )
    return count


def _erase(  # noqa: PLR0913, PLR0917 - who, for whom, and as what
    service: Screening, names: Iterable[str], actor: str, hold: Hold, spared: str, ended: Hold
) -> Report:
    first, counts = frozenset(names), Counter[str]()
    asked, done = first, frozenset[str]()
    traces, leads = _NOWHERE, 0
    for _ in range(_MOST_ROUNDS):
        if asked != done:
            with _fenced(service, hold, spared) as conn:
                who = _remove(conn, service, asked, counts)
            asked = done = who.names
            leads += len(who.leads)
        with service.store.read() as conn:
            traces = _traces(conn, service, asked)
            asked |= strangers(conn, {name for each in _raws(traces) for about in each.cut.names for name in about})
        if not traces and asked == done:
            break
        with service.store.write() as conn:
            counts.update(_black(conn, service, done, traces, _key(conn, service)))
    with service.store.write() as conn:
        key = _key(conn, service)
        digest = erased_people.hashed(key, min(first))
        _audit(conn, service, actor, digest, counts, len(done))
        if not traces:
            erased_people.done(conn, done)
            ended(conn)
    log.info("erased", leads=leads, names=len(done), left=bool(traces))
    return Report(hash=digest, leads=leads, names=len(done), removed=dict(counts))


def _audit(  # noqa: PLR0913, PLR0917 - who erased whom, and what that was
    conn: Sql, service: Screening, actor: str, digest: str, counts: Mapping[str, int], names: int
) -> None:
    detail = {"removed": {table: count for table, count in sorted(counts.items()) if count}, "names": names}
    entry = audit_trail.Entry(at=service.now(), actor=actor, action="erase", subject=f"name {digest}", detail=detail)
    audit_trail.add(conn, [entry])


@contextmanager
def _fenced(service: HasStore, hold: Hold, spared: str) -> Iterator[Sql]:
    """A transaction beside which no lane can save what it holds in memory. Leases come before all other locks."""
    with service.store.write() as conn:
        hold(conn)
        leases.revoke(conn, spared)
        serialise(conn, "people")
        service.store.shred(conn)
        yield conn


def _remove(conn: Sql, service: Screening, asked: frozenset[str], counts: Counter[str]) -> Target:
    who, key, now = erasure.target(conn, asked), _key(conn, service), service.now()
    known = erased_people.known(conn, service.keys.keyring, who.names)
    person = next((known[name] for name in sorted(asked) if name in known), None) or service.new_leads.new_id()
    erased_people.add(conn, key, {name: known.get(name, person) for name in who.names}, now, pending=True)
    counts.update(erasure.remove(conn, who, now))
    return who


def _key(conn: Sql, service: HasKeys) -> bytes:
    return erasure_key.make(conn, service.keys.keyring, service.keys.chance(erasure_key.LENGTH))


def _traces(conn: Sql, service: HasCrms, names: frozenset[str]) -> _Traces:
    emails = sorted(filter(None, map(person_names.email, names)))
    records = called(service.connections)
    return _Traces(
        deliveries=tuple(raw_deliveries.deliveries(conn, names, records)),
        letters=tuple(raw_deliveries.set_aside(conn, names, records)),
        mentions=tuple(mentions.find(conn, emails)),
    )


def _raws(traces: _Traces) -> tuple[Raw, ...]:
    return traces.deliveries + traces.letters


def _black(conn: Sql, service: HasStore, names: frozenset[str], traces: _Traces, key: bytes) -> dict[str, int]:
    """Clean what was found: items and sync errors about them go, their address goes from everything else."""
    service.store.shred(conn)
    emails = sorted(filter(None, map(person_names.email, names)))
    inbox.rewrite(conn, [(each.id, each.rest or b"") for each in traces.deliveries])
    dead_letters.rewrite(conn, [(each.id, each.rest) for each in traces.letters if each.rest is not None])
    dead_letters.remove(conn, [each.id for each in traces.letters if each.rest is None])
    blacked = mentions.black(conn, traces.mentions, emails, lambda text: erased_people.hashed(key, text)[:8])
    return {
        "inbox (items)": sum(len(each.cut.taken) for each in traces.deliveries),
        "dead_letters": sum(1 for each in traces.letters if each.rest is None),
        "mentions by others": blacked + sum(1 for each in _raws(traces) if not each.cut.taken),
    }


def _wake(service: Erasing) -> None:
    """Whoever lost a lease left work behind."""
    for lane in (
        "ingest",
        "advance",
        *(f"{kind}:{name}" for name in service.connections for kind in ("refresh", "deliver")),
    ):
        service.wake(lane)


def _nothing(_conn: Sql) -> None:
    """A command holds no lane."""
