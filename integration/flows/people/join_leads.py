"""Join leads: leads that turned out to be one person become one before anything is decided for either.

What survives a crash: a joined lead stays dirty until the transaction that moves its history to the winner; until then
it is not decided.
"""

from typing import TypeAlias

import structlog
from sqlalchemy import Connection as Sql

from integration.flows.base.isolation import Station, Try, isolate
from integration.flows.base.service import Connected
from integration.store.db.json_codec import encode
from integration.store.db.session import serialise
from integration.store.overall import merging
from integration.store.people import leads, shared_emails
from integration.store.people.leads import LeadRow
from integration.store.queues import dirty, lane_shards, leases, suspects
from integration.store.queues.dead_letters import Letter
from integration.store.queues.leases import Lease
from mappings.values.identifiers import LeadId

log = structlog.get_logger()

BATCH = 50


_Pair: TypeAlias = tuple[LeadId, LeadId, int]
"""(loser, winner, the loser's mark)"""


def join_batch(service: Connected, lease: Lease) -> bool:
    """Move what arrived and was decided for joined leads to those they live on as; whether more are likely."""
    _reunite(service, lease)
    with service.store.read() as conn:
        waiting = merging.waiting(conn, BATCH)

    def work(these: Try[_Pair]) -> None:
        with service.store.write() as conn:
            leases.extend(conn, lease)
            lane_shards.alone(conn, lease)
            these.done(conn)
            for loser, winner, mark in these.items:
                merging.settle(conn, loser, winner, service.now())
                suspects.forget_lead(conn, loser, service.now())
                dirty.clear(conn, [(loser, mark)])
        log.info("joined leads", pairs=len(these.items))

    def lay_aside(conn: Sql, pair: _Pair, reason: str) -> Letter:
        loser, winner, mark = pair
        dirty.clear(conn, [(loser, mark)])
        payload = encode({"lead": loser, "joined to": winner}).encode()
        return Letter(
            stage="joining",
            source="coldframe",
            ref=loser,
            payload=payload,
            reason=reason,
            at=service.now(),
            lead_id=winner,
        )

    station: Station[_Pair] = Station(
        lane="joining", name=lambda pair: pair[0], work=work, lay_aside=lay_aside, lead=lambda pair: pair[1]
    )
    isolate(service, lease, station, waiting)
    return len(waiting) == BATCH


def _reunite(service: Connected, lease: Lease) -> None:
    """Join those who came to share an e-mail when addresses got one spelling (migration 0013), a batch a turn."""
    with service.store.read() as conn:
        if not shared_emails.waiting(conn):
            return
    with service.store.write() as conn:
        leases.extend(conn, lease)
        serialise(conn, "people")
        emails = leads.shared(conn, BATCH)
        for older, *others in leads.sharing(conn, emails):
            for other in others:
                merging.join(conn, other, older, service.now(), service.ownership.lead)
        if len(emails) < BATCH:
            shared_emails.none_left(conn)
    log.info("joined leads that share an e-mail", addresses=len(emails))


def apart(rows: list[LeadRow], marks: list[dirty.Mark]) -> tuple[list[LeadRow], list[dirty.Mark]]:
    """The leads to decide for and their marks, without those that were joined to others in the meantime."""
    gone = {row.id for row in rows if row.merged_into is not None}
    return [row for row in rows if row.id not in gone], [mark for mark in marks if mark[0] not in gone]
