"""Checks of one publication: what followed beside what the impact predicted, and every lead beside its history."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import select

from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import Event
from integration.core.model.state import LeadState, newborn
from integration.core.run.apply_events import advance
from integration.core.run.standing import standing
from integration.core.scoring.machines import marked
from integration.flows.delivering.joining.carriers import NOTHING_OPEN
from integration.flows.delivering.write_decisions import as_fields
from integration.flows.history import load_events
from integration.flows.publishing.impact import COMPARED, NOBODY, Impact
from integration.rig.chaos.chaos_finding import Finding
from integration.store.assigning import carried_tasks
from integration.store.assigning.carried_tasks import Joined
from integration.store.crm import crm_users
from integration.store.db.json_codec import decode, encode
from integration.store.events import decided_effects
from integration.store.people import leads
from integration.store.people.leads import LeadRow
from integration.store.queues import dead_letters
from integration.store.schema.tables import effects, outbox
from integration.store.schema.tables import leads as leads_table
from integration.wiring.whole_service import Service
from mappings.model.canonical import MOVING, Fields
from mappings.values.identifiers import LeadId
from mappings.values.instant import Instant

Place: TypeAlias = tuple[str, ...]
"""Where a lead stands, by COMPARED; "none" for nothing."""
_AT_ONCE = 500
_SHOWN = 5
_LONGEST = 400
_SENT = ("task", "touch")
_e = effects.c
_EFFECTS = select(_e.key, _e.lead_id, _e.kind, _e.at, _e.payload, _e.withheld)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """One effect as it is stored: `carried_out` says that nothing withholds it."""

    lead: LeadId
    kind: str
    at: Instant
    payload: str
    carried_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The installation at one moment: where everybody stands, every effect, and what the CRMs were sent."""

    places: Mapping[LeadId, Place]
    owners: Mapping[LeadId, str]
    effects: Mapping[str, Effects]
    sent: Mapping[str, str]
    """Payloads by key of tasks and touches that have arrived."""
    joined: Mapping[str, Joined]
    """What became of tasks that joined others."""


@dataclass(slots=True, kw_only=True)
class Followed:
    """What really followed from one publication."""

    moves: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    touches: Counter[str] = field(default_factory=Counter)
    alerts: int = 0
    recorded: int = 0
    later: int = 0
    """Effects that fell due after the impact was made, or belong to what was delivered since."""
    by_time: int = 0
    """Leads that moved since the impact was made: time passed, or they did something."""


def stored(service: Service) -> Stored:
    """Everything that is compared later."""
    with service.store.read() as conn:
        ids = list(conn.execute(select(leads_table.c.id).order_by(leads_table.c.id)).scalars())
        places: dict[LeadId, Place] = {}
        owned: dict[LeadId, str] = {}
        for some in _parts(ids):
            for row in leads.get(conn, some):
                places[row.id] = place(row.standing or {})
                owned[row.id] = row.owner or ""
        users = crm_users.by_id(conn, [(name, each) for name in service.connections for each in set(owned.values())])
        names = {user_id: user.email or user.name or user_id for (_, user_id), user in users.items()}
        found = {
            row.key: Effects(
                lead=row.lead_id, kind=row.kind, at=row.at, payload=row.payload, carried_out=row.withheld is None
            )
            for row in conn.execute(_EFFECTS)
        }
        arrived = select(outbox.c.key, outbox.c.payload).where(outbox.c.kind.in_(_SENT), outbox.c.state == "sent")
        return Stored(
            places=places,
            owners={lead: names.get(each, each) or NOBODY for lead, each in owned.items()},
            effects=found,
            sent={key: str(payload) for key, payload in conn.execute(arrived)},
            joined=carried_tasks.joined(conn, found),
        )


def place(fields: Fields) -> Place:
    """Where a lead stands, of what an impact compares."""
    return tuple(str(fields.get(name) or "none") for name in COMPARED)


def compare(  # noqa: PLR0913 - what was predicted, what was and is, and by which rules
    service: Service,
    compiled: CompiledPlaybook,
    number: int,
    *,
    predicted: Impact,
    predicted_at: Instant,
    before: Stored,
    fresh: frozenset[LeadId],
) -> tuple[Finding, Followed]:
    """Compare everything after a publication. `fresh` are leads for whom something was delivered meanwhile."""
    finding, followed = Finding(), Followed()
    after = stored(service)
    derived = _same_as_histories(service, compiled, number, finding, predicted_at)
    renamed = {old: new for what, old, new in predicted.renamed if what == "track"}
    for lead, place_before in before.places.items():
        was = tuple(
            renamed.get(value, value) if name == "track" else value
            for name, value in zip(COMPARED, place_before, strict=True)
        )
        now = after.places.get(lead, ())
        if now != derived[lead]:
            followed.by_time += 1
            now = derived[lead]
        followed.moves.update((name, old, new) for name, old, new in zip(COMPARED, was, now, strict=True) if old != new)
    _nothing_undone(finding, before, after)
    _what_followed(followed, before, after, predicted_at, fresh)
    _only_what_was_predicted(finding, followed, predicted)
    with service.store.read() as conn:
        finding.same("sync errors", [letter.reason for letter in dead_letters.waiting(conn, _SHOWN)], [])
    return finding, followed


def _same_as_histories(
    service: Service, compiled: CompiledPlaybook, number: int, finding: Finding, predicted_at: Instant
) -> dict[LeadId, Place]:
    """Every lead's state, standing and effects are those of its history; where each stood when the impact was made."""
    found: dict[LeadId, Place] = {}
    vocabulary = compiled.playbook.vocabulary
    with service.store.read() as conn:
        ids = list(conn.execute(select(leads_table.c.id).order_by(leads_table.c.id)).scalars())
    for some in _parts(ids):
        with service.store.read() as conn:
            rows = leads.get(conn, some)
            events = load_events.whole(conn, rows, service.ownership, vocabulary)
            keys: set[str] = set()
            for row in rows:
                past = marked(vocabulary.machine, events[row.id])
                found[row.id] = _same(finding, compiled, row, past, predicted_at, keys)
                if row.version != number:
                    finding.differences.append(f"{row.id} was derived under version {row.version}, not {number}")
            lost = keys - decided_effects.known(conn, keys)
            finding.differences += [f"{key} follows from the history and was never decided" for key in sorted(lost)]
    finding.figures["leads compared"] = len(ids)
    return found


def _same(  # noqa: PLR0913, PLR0917 - a lead, its history, and what to compare it by
    finding: Finding,
    compiled: CompiledPlaybook,
    row: LeadRow,
    events: Sequence[Event],
    predicted_at: Instant,
    keys: set[str],
) -> Place:
    until = [event for event in events if event.at <= predicted_at]
    rest = [event for event in events if predicted_at < event.at <= row.updated_at]
    then = advance(compiled, newborn(row.id), until, predicted_at)
    whole = advance(compiled, then.state, rest, row.updated_at)
    keys.update(effect.key for each in (then, whole) for effect in each.effects)
    if encode(whole.state) != row.state:
        finding.differences.append(
            f"the state of {row.id} is not that of its history: {_parts_that_differ(whole.state, row)}"
        )
    wanted = as_fields(standing(compiled, whole.state, row.updated_at), row.updated_at)
    wrong = [
        f"{name} {(row.standing or {}).get(name)!r}, expected {value!r}"
        for name, value in wanted.items()
        if name not in MOVING and (row.standing or {}).get(name) != value
    ]
    if wrong:
        finding.differences.append(f"{row.id}: {'; '.join(wrong)}")
    return place(as_fields(standing(compiled, then.state, predicted_at), predicted_at))


def _parts_that_differ(state: LeadState, row: LeadRow) -> str:
    wanted, found = (decode(each, dict[str, Any]) for each in (encode(state), row.state or "{}"))
    names = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    return "; ".join(f"{name} {found.get(name)!r}, expected {wanted.get(name)!r}" for name in names)[:_LONGEST]


def _nothing_undone(finding: Finding, before: Stored, after: Stored) -> None:
    """What was carried out stands as it was."""
    finding.figures["effects that stand"] = len(before.sent)
    rewritten = {each.by for key, each in after.joined.items() if key not in before.joined}
    changed = [key for key, payload in before.sent.items() if after.sent.get(key) != payload and key not in rewritten]
    finding.same("effects carried out before that changed", changed[:_SHOWN], [])
    gone = [
        key
        for key, was in before.effects.items()
        if (now := after.effects.get(key)) is None
        or (now.lead, now.kind, now.at, now.payload) != (was.lead, was.kind, was.at, was.payload)
        or (was.carried_out and not now.carried_out and was.kind not in {"task", "touch", "escalation"})
    ]
    finding.same("effects on record that changed", gone[:_SHOWN], [])


def _what_followed(
    followed: Followed, before: Stored, after: Stored, predicted_at: Instant, fresh: frozenset[LeadId]
) -> None:
    """Effects that are carried out now and were not before, apart from those of what happened since."""
    for key, now in after.effects.items():
        was, joined = before.effects.get(key), after.joined.get(key, Joined())
        if was is not None and (was.carried_out or not now.carried_out):
            continue
        if now.at > predicted_at or now.lead in fresh:
            followed.later += 1
        elif not now.carried_out:
            followed.recorded += 1
        elif ('"joins":"' in now.payload or joined.late) and joined.why_apart != NOTHING_OPEN:
            continue  # an open task says it, or is about to, or sales has closed that one since
        elif now.kind in {"task", "escalation"}:
            followed.tasks[after.owners.get(now.lead, NOBODY)] += 1
        elif now.kind == "touch":
            followed.touches[_track(now)] += 1
        elif now.kind == "alert":
            followed.alerts += 1


def _track(effect: Effects) -> str:
    return str(decode(effect.payload, dict[str, Any]).get("track"))


def _only_what_was_predicted(finding: Finding, followed: Followed, predicted: Impact) -> None:
    finding.same("moves not as predicted", _plain(followed.moves - predicted.moves), {})
    finding.same("moves predicted that did not happen", _plain(predicted.moves - followed.moves), {})
    finding.same("tasks that nobody predicted", _plain(followed.tasks - predicted.tasks), {})
    finding.same("touches that nobody predicted", _plain(followed.touches - predicted.touches), {})
    finding.same("alerts that nobody predicted", max(0, followed.alerts - predicted.alerts), 0)
    finding.same("leads that cannot be derived", predicted.failed[:_SHOWN], [])


def _plain(counted: Mapping[Any, int]) -> dict[str, int]:
    return {str(key): number for key, number in counted.items()}


def _parts(ids: Sequence[LeadId]) -> Iterator[Sequence[LeadId]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
