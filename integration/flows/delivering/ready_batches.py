"""Ready batches: which rows of the outbox can be sent now, and when each kind of them goes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection as Sql

from connectors.base.limits import Unused
from integration.flows.base import history_or_live, lane
from integration.flows.base.call_allowance import LastCalls
from integration.flows.base.running_routing import HasRouting
from integration.flows.base.service import Connection, HasLanes, HasWake, LimitedWrites
from integration.flows.crm_calls import gathering
from integration.flows.crm_calls.gathering import Batch, Flow, Row
from integration.flows.crm_calls.pause_connection import Open, open_for
from integration.flows.delivering import create_people, ramp_up
from integration.flows.delivering.create_people import Creating, Newcomers
from integration.flows.delivering.joining.carriers import joins
from integration.store.crm import connection_pauses
from integration.store.outgoing import outbox, outbox_backlog
from integration.store.outgoing.outbox import Kind
from integration.store.outgoing.outgoing_rows import Outgoing
from integration.store.overall.live_values import LiveValues
from integration.store.queues import leases
from integration.store.queues.leases import Lease
from mappings.values.instant import SECOND, Instant

_LEAST_LOOK, _MOST_LOOK = 0.01, 0.1
"""Seconds between two looks at what gathers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What can be sent now; `free` tasks and `room` records fill a call, or are all that going live allows."""

    tasks: Sequence[Outgoing]
    free: int
    room: int
    touches: Sequence[Outgoing] = ()
    fields: Sequence[Outgoing] = ()
    closings: Sequence[Outgoing] = ()
    owners: Sequence[Outgoing] = ()
    records: Sequence[Outgoing] = ()
    joining: Sequence[Outgoing] = ()
    """Tasks that join open ones; of tasks, they are the first to be seen to."""


class Looking(LimitedWrites, HasRouting, Protocol):
    """The store, how much may be written, and whether owners are set."""


class Gathering(LimitedWrites, HasLanes, HasWake, Protocol):
    """The store, and how long what waits for a call may gather."""


def look(  # noqa: PLR0913, PLR0917 - where to, when, and what is known already
    conn: Sql, service: Looking, connection: Connection, now: Instant, kinds: Collection[Kind], values: LiveValues
) -> Found:
    """The oldest of these kinds that may go, as much as a call takes."""
    name, limits = connection.name, connection.connector.limits
    free = ramp_up.allowed(conn, ramp_up.tasks(service.going_live, name), limits.tasks, now, values)
    room = ramp_up.allowed(conn, ramp_up.records(service.going_live, name), limits.fields, now, values)
    others = ramp_up.unasked(conn, ramp_up.tasks(service.going_live, name), free, now, values)

    def pending(kind: Kind, limit: int) -> Sequence[Outgoing]:
        return outbox.pending(conn, name, kind, now, limit) if kind in kinds else ()

    found = pending("task", limits.tasks)
    return Found(
        tasks=_within([row for row in found if not joins(row)], free, others),
        free=free,
        room=room,
        joining=[row for row in found if joins(row)],
        touches=_one_each(pending("touch", limits.fields))[:room],
        fields=pending("fields", limits.fields)[:room],
        closings=pending("closing", limits.fields),
        owners=pending("owner", limits.fields)[:room] if service.routing.set_owner else (),
        records=pending("record", limits.tasks) if connection.mapping.handovers else (),
    )


def opened(conn: Sql, service: LimitedWrites, connection: Connection, now: Instant) -> Open:
    """What may be written now: nothing in a pause and in shadow mode."""
    if service.going_live.shadow:
        return "nothing"
    return open_for(connection.name, connection_pauses.lasting(conn, now))


def after_shadow(service: LimitedWrites, lease: Lease, now: Instant) -> None:
    """Shadow mode has ended: what is too old is let go before anything is written."""
    with service.store.write() as conn:
        leases.extend(conn, lease)
        history_or_live.since(conn, service, now)


def _within(rows: Sequence[Outgoing], free: int, others: int) -> list[Outgoing]:
    """As many as may go; of them about people who did not ask for a demo only as long as `others` are not used up."""
    urgent = [row for row in rows if row.urgent][:free]
    return urgent + [row for row in rows if not row.urgent][: max(0, others - len(urgent))]


def _one_each(rows: Sequence[Outgoing]) -> list[Outgoing]:
    """The oldest touch of each lead: the next one goes when this one has arrived, so that none hides another."""
    first: dict[str, Outgoing] = {}
    for row in rows:
        first.setdefault(row.lead_id, row)
    return list(first.values())


@dataclass(slots=True)
class Gathered:
    """What gathers for a connection in one turn, and when the first of the kinds that do not go yet goes.

    `for_people` is what goes on around the connection as far as it concerns what people wait for; they may use some of
    the day's reserve.
    """

    service: Gathering
    connection: Connection
    now: Instant
    flow: Flow
    for_people: Flow
    first: Instant | None = None
    oldest: Instant = 0

    def goes(self, rows: Sequence[Row], room: int, *, people: bool = False) -> bool:
        """Whether these go now; `room` of them fill a call."""
        flow, linger = self.for_people if people else self.flow, self.service.lanes.linger
        at = gathering.goes_at(Batch.of(rows, room), flow, linger=linger, now=self.now)
        if at is None or at <= self.now:
            return at is not None
        self.first = at if self.first is None else min(self.first, at)
        self.oldest = min([self.oldest or self.now, *(row.since for row in rows)])
        return False

    def wait(self) -> bool:
        """Let more come along; false where nothing gathers, and where other lanes have work: this one is woken again.

        While more is on its way, it is looked for, the more rarely the longer it has been. Where calls are short, there
        is nothing to look for before the pause is over.
        """
        if self.first is None:
            return False
        left, lanes = (self.first - self.now) / SECOND, self.service.lanes
        if self.flow.coming:
            lanes.sleep(min(left, _MOST_LOOK, max(_LEAST_LOOK, (self.now - self.oldest) / SECOND / 2)))
            return True
        name = f"deliver:{self.connection.name}"
        if lane.wait(lanes, name, left) != "others":
            return True
        self.service.wake(name)
        return False

    def called(self, rows: int, room: int) -> None:
        """Note that a call with so many rows has ended."""
        at, lately = self.service.now(), self.service.lanes.last_calls
        before = lately.get(self.connection.name, LastCalls())
        lately[self.connection.name] = LastCalls(ended=at, full=at if gathering.many(rows, room) else before.full)


def gather(conn: Sql, service: Gathering, connection: Connection, now: Instant, *, coming: bool) -> Gathered:
    """Whether more is `coming` to a connection, when it was last called, and what calls it has to spare."""
    allowance, linger = connection.allowance, service.lanes.linger
    left = (Unused(), Unused()) if allowance is None else allowance.unused(conn)
    last = service.lanes.last_calls.get(connection.name, LastCalls())
    flow, for_people = (
        Flow(coming=coming, last=last.ended, full=last.full, pause=gathering.pause(each, linger)) for each in left
    )
    return Gathered(service, connection, now, flow, for_people)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one look at the store finds for a connection; `found` is None where people are created first."""

    gathered: Gathered
    people: Newcomers
    found: Found | None
    suspected: bool


def looked(  # noqa: PLR0913, PLR0917 - where to, when, and what is known already
    conn: Sql, service: Creating, lease: Lease, connection: Connection, now: Instant, values: LiveValues
) -> Seen | None:
    """Everything that a batch is chosen by; None where nothing may be written now."""
    way = opened(conn, service, connection, now)
    if way == "nothing":
        return None
    waits = outbox_backlog.waiting_now(conn, connection.name, lease.name, now)
    gathered = gather(conn, service, connection, now, coming=waits.coming)
    people = create_people.waiting(conn, service, connection, now, values)
    creating = gathered.goes(people.since(service), people.room, people=True)
    kinds = waits.kinds & {"task"} if way == "tasks" else waits.kinds
    found = None if creating else look(conn, service, connection, now, kinds, values)
    return Seen(gathered=gathered, people=people, found=found, suspected=waits.suspected)
