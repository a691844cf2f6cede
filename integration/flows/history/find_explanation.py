"""Find explanation: finds one lead by any name it has, and derives from its history why it stands where it stands.

Reads only, in one view of the data; nothing is written, so a crash leaves nothing behind.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sqlalchemy import Connection as Sql

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import Event
from integration.flows.base.connection_of_system import address
from integration.flows.base.service import Connection
from integration.flows.history import confirmed_touches, load_events
from integration.playbook.explaining.effect_words import Recorded
from integration.playbook.explaining.explanation import Explanation, explain
from integration.store.assigning import carried_tasks
from integration.store.assigning.carried_tasks import Joined
from integration.store.db.session import Store
from integration.store.events import decided_effects
from integration.store.events.superseded_entries import SUPERSEDED
from integration.store.outgoing import outbox
from integration.store.people import leads, other_emails
from integration.store.people.leads import LeadRow
from mappings.conflicts.field_conflicts import NOBODY, Ownership
from mappings.values import emails, record_ids
from mappings.values.identifiers import ConnectionName, LeadId
from mappings.values.instant import Instant

_ADDRESS = 3
"""Parts of `connection:object:id`."""


def explained(  # noqa: PLR0913 - what is asked, and of whom
    store: Store,
    compiled: CompiledPlaybook,
    name: str,
    at: Instant,
    ownership: Ownership = NOBODY,
    *,
    connections: Mapping[ConnectionName, Connection] = MappingProxyType({}),
    by_then: Callable[[Sql, LeadRow, list[Event]], list[Event]] = lambda _conn, _row, events: events,
) -> tuple[LeadRow, Explanation] | None:
    """The lead called `name` at an instant; None if nobody is. `by_then` makes of its history what it was then.

    A name is our id, an e-mail, a CRM's record as `connection:object:id`, or that record's id alone. ValueError where
    an id alone is of several people.
    """
    with store.read() as conn:
        row = found(conn, name, connections)
        if row is None:
            return None
        events = load_events.whole(conn, [row], ownership, compiled.playbook.vocabulary)[row.id]
        events = by_then(conn, row, events)
        kept = recorded(conn, row.id, at)
    return row, explain(compiled, row.id, events, at, kept)


def recorded(conn: Sql, lead: LeadId, at: Instant) -> list[Recorded]:
    """Every effect on a lead's record, and what is known of what became of it by then."""
    kept = decided_effects.history(conn, [lead])
    states = outbox.states(conn, [each.key for each in kept])
    touches = confirmed_touches.fates(conn, lead, at)
    joined = carried_tasks.joined(conn, [each.key for each in kept if each.kind in {"task", "escalation"}])
    return [
        Recorded(
            key=each.key,
            kind=each.kind,
            at=each.at,
            because=each.because,
            payload=each.payload,
            withheld=None if each.withheld == SUPERSEDED else each.withheld,
            assigned=each.assigned,
            decided_at=each.decided_at,
            version=each.version,
            fate=_UNWANTED.get(each.withheld, "")
            if each.withheld
            else touches.get(each.key) or _fate(states.get(each.key, ""), joined.get(each.key)),
        )
        for each in kept
    ]


def _fate(state: str, joined: Joined | None) -> str:
    fate = _FATES.get(state, "")
    if joined is None or not (joined.by or joined.why_apart):
        return fate
    return "carried out by the task that it joins" if joined.by else f"{fate} by itself, since {joined.why_apart}"


_FATES = {
    "new": "waiting to be carried out",
    "sent": "carried out",
    "dead": "refused: see coldframe letters",
    "lapsed": "let go: too old when shadow mode ended",
    "withdrawn": "taken back before it was sent",
}
"""What the outbox says of what has to be carried out in a CRM."""
_UNWANTED = {SUPERSEDED: "superseded: what became known later leads elsewhere"}
"""What is said of an entry of a stage or a track that was made, and is no part of the lead's line any more."""


def found(
    conn: Sql, name: str, connections: Mapping[ConnectionName, Connection] = MappingProxyType({})
) -> LeadRow | None:
    """The lead of that name; of a merged one, the one it lives on as."""
    row = next(iter(leads.get(conn, [_id(conn, name.strip(), connections)])), None)
    while row is not None and row.merged_into is not None:
        row = next(iter(leads.get(conn, [row.merged_into])), None)
    return row


def _id(conn: Sql, name: str, connections: Mapping[ConnectionName, Connection]) -> LeadId:
    if name.count(":") == _ADDRESS - 1:
        record = address(connections, "", name)
        return leads.by_reference(conn, [record]).get(record, LeadId(name))
    if "@" not in name and (known := _record(conn, name, connections)):
        return known
    email = emails.normal(name)
    return (other_emails.whose(conn, [email]) if email else {}).get(email or "", LeadId(name))


def _record(conn: Sql, name: str, connections: Mapping[ConnectionName, Connection]) -> LeadId | None:
    """Whose record in whichever CRM has this id; None of none. ValueError where several people's have it."""
    addresses = [
        (each.name, object_name, record_ids.full(each.system, name))
        for each in connections.values()
        for object_name in each.mapping.people
        if record_ids.genuine(each.system, name)
    ]
    those = leads.by_reference(conn, addresses)
    if len(set(those.values())) > 1:
        listed = " or ".join(":".join(address) for address in sorted(those))
        msg = f"several people's records have the id {name!r}: write {listed}"
        raise ValueError(msg)
    return next(iter(those.values()), None)
