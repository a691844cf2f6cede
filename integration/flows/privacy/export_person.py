"""Export person: everything that is stored about a person, as one document that says nothing of anybody else.

Reads only, in one view of the data; the audit alone records that somebody asked.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from sqlalchemy import Connection as Sql
from sqlalchemy import Table, or_, select

from integration.core.compiled.context import Unfoldable
from integration.flows.base.connection_of_system import called
from integration.flows.base.service import Derived, Deriving, HasKeys
from integration.flows.history import load_events
from integration.flows.history.find_explanation import recorded
from integration.flows.privacy import raw_deliveries
from integration.playbook.explaining.explanation import Explanation, explain
from integration.store.audit import audit_trail, mentions
from integration.store.db.dialects import among
from integration.store.db.json_codec import listed
from integration.store.overall import erased_people, erasure, erasure_key
from integration.store.overall.erasure import Target
from integration.store.people import leads
from integration.store.people.leads import LeadRow
from integration.store.schema.tables import (
    activities,
    alerts,
    assignments,
    changes,
    checkpoints,
    clock_runs,
    dead_letters,
    dirty,
    inbox,
    other_emails,
    outbox,
    people_to_find,
    references,
    refresh,
)
from integration.store.schema.tables import audit as trail
from integration.store.schema.tables import effects as decided
from integration.store.schema.tables import leads as people
from mappings.values.instant import Instant, show
from webhooks.persons import RecordNames

FORMAT = "coldframe-person/1"

_TIMES = frozenset(
    {
        "at",
        "created_at",
        "updated_at",
        "decided_at",
        "received_at",
        "started_at",
        "ended_at",
        "stands_at",
        "replayed_at",
        "since",
        "due",
        "due_at",
        "not_before",
    }
)
_JSON = frozenset(
    {
        "fields",
        "state",
        "standing",
        "written",
        "told",
        "properties",
        "payload",
        "because",
        "assigned",
        "headers",
        "detail",
        "hours",
        "named",
    }
)
_OF_LEAD: Mapping[str, tuple[Table, str, tuple[str, ...]]] = {
    "leads": (people, "id", ("created_at", "id")),
    "references": (references, "lead_id", ("connection", "object", "external_id")),
    "other_emails": (other_emails, "lead_id", ("email", "kind")),
    "changes": (changes, "lead_id", ("at", "key")),
    "activities": (activities, "lead_id", ("at", "key")),
    "effects": (decided, "lead_id", ("at", "key")),
    "alerts": (alerts, "lead_id", ("at", "key")),
    "assignments": (assignments, "lead_id", ("at", "key")),
    "clock_runs": (clock_runs, "lead_id", ("started_at", "key")),
    "checkpoints": (checkpoints, "lead_id", ("number",)),
    "writes": (outbox, "lead_id", ("created_at", "id")),
    "waiting": (dirty, "lead_id", ("since",)),
}
"""Part of the document → where it is stored, whose it is, and its order."""


class Exporting(Derived, HasKeys, Protocol):
    """What an export takes."""


def exported(service: Exporting, name: str, *, actor: str, tell: Callable[[Explanation], Any]) -> dict[str, Any] | None:
    """Everything stored about whoever goes by that name (of mappings.values.person_names); None where nobody does.

    `tell` makes plain values of an explanation.
    """
    now = service.now()
    with service.store.read() as conn:
        who = erasure.target(conn, [name])
        document = _document(conn, service, who, now, tell)
        key = erasure_key.read(conn, service.keys.keyring)
    if document is None:
        return None
    subject = "name" if key is None else f"name {erased_people.hashed(key, name)}"
    with service.store.write() as conn:
        detail = {"leads": list(who.leads)}
        audit_trail.add(conn, [audit_trail.Entry(at=now, actor=actor, action="export", subject=subject, detail=detail)])
    return document


def _document(
    conn: Sql, service: Deriving, who: Target, now: Instant, tell: Callable[[Explanation], Any]
) -> dict[str, Any] | None:
    records = called(service.connections)
    deliveries = [
        {
            **_row(conn, inbox, each.id, ("id", "source", "received_at", "state")),
            "items": [_read(it) for it in each.cut.taken],
        }
        for each in raw_deliveries.deliveries(conn, who.names, records)
        if each.cut.taken
    ]
    letters = _letters(conn, who, records)
    elsewhere = mentions.find(conn, who.emails)
    mine = {name: _rows(conn, who, *place) for name, place in _OF_LEAD.items()}
    if not (who.leads or deliveries or letters):
        return None
    own = {place.name for place, *_ in _OF_LEAD.values()} | {dead_letters.name}
    return {
        "format": FORMAT,
        "exported_at": show(now),
        "names": sorted(who.names),
        **mine,
        "explanations": [
            _explanation(conn, service, row, now, tell) for row in leads.get(conn, who.leads) if row.merged_into is None
        ],
        "sought": _sought(conn, who),
        "letters": letters,
        "deliveries": deliveries,
        "audit": _audited(conn, who),
        "named_by_others": _counted(each.table.name for each in elsewhere if each.table.name not in own),
    }


def _rows(conn: Sql, who: Target, table: Table, column: str, order: Iterable[str]) -> list[dict[str, Any]]:
    found = select(table).where(among(table.c[column], "ids")).order_by(*(table.c[name] for name in order))
    return [_shown(row) for row in conn.execute(found, {"ids": listed(who.leads)}).mappings()]


def _row(conn: Sql, table: Table, row_id: int, names: Iterable[str]) -> dict[str, Any]:
    columns = (table.c[name] for name in names)
    return _shown(conn.execute(select(*columns).where(table.c.id == row_id)).mappings().one())


def _letters(conn: Sql, who: Target, records: RecordNames) -> list[dict[str, Any]]:
    """Their own sync errors whole; of deliveries that were set aside whole, their items alone."""
    names = ("id", "at", "stage", "source", "ref", "reason", "replayed_at")
    own = select(dead_letters.c.id, dead_letters.c.payload).where(among(dead_letters.c.lead_id, "ids"))
    found = {
        row_id: [_read(bytes(payload).decode("utf-8", "replace"))]
        for row_id, payload in conn.execute(own, {"ids": listed(who.leads)})
    }
    for each in raw_deliveries.set_aside(conn, who.names, records):
        if each.cut.taken and each.id not in found:
            found[each.id] = [_read(item) for item in each.cut.taken]
    return [{**_row(conn, dead_letters, row_id, names), "items": items} for row_id, items in sorted(found.items())]


def _sought(conn: Sql, who: Target) -> list[dict[str, Any]]:
    """Records of theirs that wait to be read, and CRMs that wait to be asked for them."""
    people = (
        select(people_to_find)
        .where(among(people_to_find.c.email, "emails"))
        .order_by(people_to_find.c.connection, people_to_find.c.email)
    )
    records = select(refresh).where(among(refresh.c.external_id, "keys")).order_by(*refresh.primary_key)
    return [
        *(_shown(row) for row in conn.execute(people, {"emails": listed(sorted(who.emails))}).mappings()),
        *(
            _shown(row)
            for row in conn.execute(records, {"keys": listed(sorted(key for _, _, key in who.records))}).mappings()
            if (row["connection"], row["object"], row["external_id"]) in who.records
        ),
    ]


def _audited(conn: Sql, who: Target) -> list[dict[str, Any]]:
    """What the audit says of their leads."""
    found: list[dict[str, Any]] = []
    for lead in who.leads:
        about = or_(trail.c.subject == f"lead {lead}", trail.c.detail.contains(lead, autoescape=True))
        found += [_shown(row) for row in conn.execute(select(trail).where(about)).mappings()]
    return sorted({each["id"]: each for each in found}.values(), key=lambda each: int(each["id"]))


def _explanation(conn: Sql, service: Deriving, row: LeadRow, now: Instant, tell: Callable[[Explanation], Any]) -> Any:
    """Standing and ledger, with the version that they are by; of somebody whose history cannot be processed, why."""
    try:
        told = tell(_explained(conn, service, row, now))
        return {**told, "version": service.rules.number} if isinstance(told, dict) else told
    except Unfoldable as error:
        return {"lead": row.id, "unexplained": f"event {error.event or 'none'}: {error}"}


def _explained(conn: Sql, service: Deriving, row: LeadRow, now: Instant) -> Explanation:
    """Standing and ledger, derived again from what is stored."""
    events = load_events.whole(conn, [row], service.ownership, service.rules.vocabulary)[row.id]
    return explain(service.rules.compiled, row.id, events, now, recorded(conn, row.id, now))


def _shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row with its JSON opened and its times readable."""
    opened = {
        str(name): _read(value) if name in _JSON and isinstance(value, str) else value for name, value in row.items()
    }
    return {name: _timed(value, name) for name, value in opened.items()}


def _timed(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _timed(each, key) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_timed(each, name) for each in value]
    is_time = name in _TIMES or name.endswith("_at") or name in {"until", "next_due"}
    return show(value) if is_time and isinstance(value, int) and not isinstance(value, bool) and value > 0 else value


def _read(item: str) -> Any:
    try:
        return json.loads(item)
    except ValueError:
        return item


def _counted(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))
