"""Lead tasks: every task that was decided for some leads, to whom it was given, and since when it stands in the CRM."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from integration.core.model import effect_keys
from integration.store.db.dialects import among
from integration.store.db.json_codec import decode, listed
from integration.store.schema.tables import assignments, effects, outbox
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTask:
    """One task for sales; no escalation, and none that was withheld.

    `decided_at` is the instant of what it follows from, `given_at` when somebody was given it (None: nobody yet).
    `closed_at` is since when nobody works on it. `joined` where an open task carries it out.
    """

    key: str
    decided_at: Instant
    connection: ConnectionName
    person: str = ""
    pool: str = ""
    given_at: Instant | None = None
    stands_at: Instant | None = None
    closed_at: Instant | None = None
    joined: bool = False


_e, _a, _o = effects.c, assignments.c, outbox.c
_DECIDED = select(_e.lead_id, _e.key, _e.at, _e.payload).where(
    among(_e.lead_id, "ids"), _e.kind == "task", _e.withheld.is_(None)
)
_GIVEN = select(_a.lead_id, _a.key, _a.connection, _a.person, _a.pool, _a.at, _a.stands_at, _a.closed_at).where(
    among(_a.lead_id, "ids")
)
_WAITING = select(_o.lead_id, _o.key, _o.connection).where(among(_o.lead_id, "ids"), _o.kind == "task")


def of_leads(conn: Connection, lead_ids: Iterable[LeadId]) -> Mapping[LeadId, Sequence[GivenTask]]:
    """The tasks of these leads, by when they were decided."""
    ids = {"ids": listed(sorted(set(lead_ids)))}
    # After a merge the outbox has a task under the key of the lead that it was decided for, and its effect has another.
    given = {effect_keys.moved(row.key, row.lead_id): row for row in conn.execute(_GIVEN, ids)}
    waiting = {effect_keys.moved(row.key, row.lead_id): row.connection for row in conn.execute(_WAITING, ids)}
    found: defaultdict[LeadId, list[GivenTask]] = defaultdict(list)
    for row in conn.execute(_DECIDED, ids):
        payload = decode(row.payload, dict[str, Any])
        if payload.get("assignee") != "manager":
            found[row.lead_id].append(
                _task(row.key, row.at, payload, given.get(row.key), waiting.get(row.key, ConnectionName("")))
            )
    return {lead: sorted(tasks, key=lambda task: (task.decided_at, task.key)) for lead, tasks in found.items()}


def _task(key: str, at: Instant, payload: Mapping[str, Any], given: Any, connection: ConnectionName) -> GivenTask:
    joined = bool(payload.get("joins"))
    if given is None:
        return GivenTask(key=key, decided_at=at, connection=connection, joined=joined)
    return GivenTask(
        key=key,
        decided_at=at,
        connection=given.connection,
        person=given.person,
        pool=given.pool,
        given_at=given.at,
        stands_at=given.stands_at,
        closed_at=given.closed_at,
        joined=joined,
    )
