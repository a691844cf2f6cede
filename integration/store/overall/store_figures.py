"""The figures in /metrics and in the demo's summary."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from connectors.base.limits import Tally
from integration.store.assigning import clock_runs
from integration.store.crm import call_usage, connection_pauses
from integration.store.events import playbook_versions, unrecognised_words
from integration.store.outgoing import outbox_backlog, people_without_records, unassigned
from integration.store.outgoing.outbox_backlog import Backlog
from integration.store.outgoing.people_without_records import Totals
from integration.store.outgoing.unassigned import Unassigned
from integration.store.overall import erased_people
from integration.store.queues import inbox, suspects
from integration.store.schema.tables import NEW, connections, dead_letters, dirty, leads, people_to_find
from integration.store.schema.tables import activities as activities_table
from integration.store.schema.tables import inbox as inbox_table
from integration.store.schema.tables import outbox as outbox_table
from integration.store.schema.tables import refresh as refresh_table
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Everything countable at one moment; ages are given as the Instant of the oldest, None where nothing waits."""

    leads_by_stage: Mapping[str, int]
    """Leads not decided yet count under ""."""
    inbox: Mapping[str, int]
    """By state: new, done, dead."""
    outbox: Mapping[tuple[str, str, str], int]
    """By (connection, kind, state)."""
    dirty: int
    refresh: int
    """Records that wait to be read, and people that CRMs wait to be asked for."""
    calls: Mapping[str, Tally]
    """By connection."""
    dead_letters: Mapping[str, int]
    """Sync errors not replayed, by stage of the work."""
    oldest_delivery: Instant | None
    oldest_dirty: Instant | None
    oldest_outgoing: Instant | None
    signed_in: Mapping[str, bool] = field(default_factory=dict)
    """Whether the CRM still takes us, by connection that somebody has signed in to."""
    paused: Mapping[str, str] = field(default_factory=dict)
    """Connections that a person has paused, and why."""
    set_aside: Mapping[str, int] = field(default_factory=dict)
    """By lane, how many items it has set aside because it cannot work them."""
    to_derive: int = 0
    """Leads that are still to be derived under the playbook in force, after it changed."""
    dropped: int = 0
    """What came in about somebody who was erased, since the first erasure."""
    unrecognised: Mapping[str, int] = field(default_factory=dict)
    """How often words came in that no vocabulary has, by their kind."""
    unrecorded: Totals = field(default_factory=Totals)
    """People whose tasks and touches wait for a record in a CRM."""
    unassigned: tuple[Unassigned, ...] = ()
    """Tasks that have nobody to go to, by connection and reason."""
    overdue: Mapping[str, int] = field(default_factory=dict)
    """Leads whom nobody has answered in time, by clock."""
    outgoing: tuple[Backlog, ...] = ()
    """What waits in the outbox, by connection and kind."""
    counted_at: Instant | None = None
    """When this was counted, where that was not just now."""


_STAGES = select(leads.c.stage, func.count()).where(leads.c.merged_into.is_(None)).group_by(leads.c.stage)
_LETTERS = (
    select(dead_letters.c.stage, func.count())
    .where(dead_letters.c.replayed_at.is_(None))
    .group_by(dead_letters.c.stage)
)
_ACTIVITIES = (
    select(func.count())
    .select_from(activities_table)
    .where(activities_table.c.derived.is_(False), activities_table.c.source != "coldframe")
)
_SIGNED_IN = select(connections.c.name, connections.c.state).order_by(connections.c.name)
_SINGLE = select(
    select(func.count()).select_from(dirty).scalar_subquery(),
    (
        select(func.count()).select_from(refresh_table).scalar_subquery()
        + select(func.count()).select_from(people_to_find).scalar_subquery()
    ),
    select(func.min(inbox_table.c.received_at)).where(inbox_table.c.state == NEW).scalar_subquery(),
    select(func.min(dirty.c.since)).scalar_subquery(),
    select(func.min(outbox_table.c.since)).where(outbox_table.c.state == NEW).scalar_subquery(),
)


def counts(conn: Connection) -> Numbers:
    """Count; a few index scans and one pass over the leads."""
    dirty_leads, wanted, delivery, marked, outgoing = conn.execute(_SINGLE).one()
    return Numbers(
        leads_by_stage={stage or "": n for stage, n in conn.execute(_STAGES)},
        inbox=inbox.counts(conn),
        outbox=outbox_backlog.counts(conn),
        dirty=dirty_leads,
        refresh=wanted,
        calls=call_usage.everything(conn),
        dead_letters=dict(conn.execute(_LETTERS).all()),
        oldest_delivery=delivery,
        oldest_dirty=marked,
        oldest_outgoing=outgoing,
        signed_in={name: state == "live" for name, state in conn.execute(_SIGNED_IN)},
        paused={name: pause.reason for name, pause in connection_pauses.stopped(conn).items()},
        set_aside={each.lane: each.count for each in suspects.set_aside(conn)},
        to_derive=0
        if (version := playbook_versions.current(conn)) is None
        else playbook_versions.left(conn, version.number),
        dropped=erased_people.dropped(conn),
        unassigned=tuple(unassigned.counts(conn)),
        overdue=clock_runs.overdue(conn),
        outgoing=tuple(outbox_backlog.backlogs(conn)),
        unrecognised=unrecognised_words.counts(conn),
        unrecorded=people_without_records.totals(conn),
    )


def activities(conn: Connection) -> int:
    """How many activities of senders are stored, without what follows from them; one pass over all."""
    return int(conn.execute(_ACTIVITIES).scalar_one())
